import { ActionIcon, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconCopy, IconDots, IconEdit, IconListDetails, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery, templateKeys } from "@/api/queries";
import type { Template } from "@/api/types";
import { ButtonLink, MenuLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { PageTab, PageTabs } from "@/ui/PageTabs";
import { useDelete } from "@/ui/useDelete";
import { deleteTemplate } from "./api";
import { TemplatesTrail } from "./TemplatesTrail";

/** The head of the pages of a template, with what can be done with it. */
export function TemplateHeader({ pid, template }: { pid: number; template: Template }) {
  const { t } = useTranslation("templates");
  const project = useQuery(projectQuery(pid));
  const { can } = usePermissions(pid, template.permissions);
  const params = { pid, id: template.id };
  return (
    <>
      <PageHeader
        title={template.name}
        context={project.data?.name}
        trail={<TemplatesTrail project={pid} />}
        description={template.description}
        actions={<Actions pid={pid} template={template} />}
      />
      {(can("manageResources") || can("manageUsers")) && (
        <PageTabs label={template.name}>
          <PageTab to="/project/$pid/templates/$id" params={params} activeOptions={{ exact: true }}>
            {t("nav.overview")}
          </PageTab>
          <PageTab to="/project/$pid/templates/$id/permissions" params={params}>
            {t("tabs.permissions")}
          </PageTab>
        </PageTabs>
      )}
    </>
  );
}

function Actions({ pid, template }: { pid: number; template: Template }) {
  const { t } = useTranslation("templates");
  const navigate = useNavigate();
  const client = useQueryClient();
  const { can } = usePermissions(pid, template.permissions);
  const params = { pid, id: template.id };
  const deleting = useDelete<Template>({
    project: pid,
    warning: t("deleteWarning"),
    remove: (x) => deleteTemplate(pid, x.id),
    onDone: async () => {
      await navigate({ to: "/project/$pid/templates", params: { pid } });
      await client.invalidateQueries({ queryKey: templateKeys.all(pid) });
    },
  });
  return (
    <>
      {can("run") && (
        <ButtonLink
          to="/project/$pid/templates/$id/run"
          params={params}
          leftSection={<IconPlayerPlay size={16} />}
        >
          {t("actions.run")}
        </ButtonLink>
      )}
      {can("manageResources") && (
        <>
          <ButtonLink
            to="/project/$pid/templates/$id/edit"
            params={params}
            variant="default"
            leftSection={<IconEdit size={16} />}
          >
            {t("actions.edit")}
          </ButtonLink>
          <Menu position="bottom-end" shadow="md" width={200}>
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={t("actions.more")}>
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <MenuLink
                to="/project/$pid/templates/new"
                params={{ pid }}
                search={{ copy: template.id }}
                leftSection={<IconCopy size={16} />}
              >
                {t("actions.duplicate")}
              </MenuLink>
              <MenuLink
                to="/project/$pid/audit"
                params={{ pid }}
                search={{ type: "template", object: template.id }}
                leftSection={<IconListDetails size={16} />}
              >
                {t("nav.activity")}
              </MenuLink>
              <Menu.Divider />
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={16} />}
                onClick={() => deleting.ask(template)}
              >
                {t("actions.delete")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      )}
      {deleting.dialog}
    </>
  );
}
