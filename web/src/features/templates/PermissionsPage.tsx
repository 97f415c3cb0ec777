import { Button, Menu } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { IconEdit, IconPlus, IconShieldCheck, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { usePermissions } from "@/api/permissions";
import { rolesQuery, templateKeys, templateQuery } from "@/api/queries";
import type { Template, TemplatePermission } from "@/api/types";
import { Card } from "@/ui/Card";
import { FormDrawer } from "@/ui/form";
import { NotFound } from "@/ui/NotFound";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { beyond, holds } from "@/ui/Rights";
import { RowMenu } from "@/ui/RowMenu";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone, toastError } from "@/ui/toast";
import { EditPermission, PermissionForm } from "./PermissionForm";
import { permissionsQuery, removePermission, templateRights } from "./permissions";
import { TemplateHeader } from "./TemplateHeader";
import classes from "./templates.module.css";

/** What roles may do with one template, beyond what they may do in the project. */
export default function PermissionsPage() {
  const { pid, id } = useParams({ from: "/app/project/$pid/templates/$id/permissions" });
  const template = useQuery(templateQuery(pid, id));
  if (isApiError(template.error, 404)) return <NotFound />;
  if (template.error) return <ErrorState error={template.error} onRetry={() => void template.refetch()} />;
  if (!template.data) return <PageSkeleton />;
  return (
    <>
      <TemplateHeader pid={pid} template={template.data} />
      <div className={classes.narrow}>
        <Permissions pid={pid} template={template.data} />
      </div>
    </>
  );
}

type Open = "new" | TemplatePermission | undefined;

function Permissions({ pid, template }: { pid: number; template: Template }) {
  const { t } = useTranslation("roles");
  const [open, setOpen] = useState<Open>();
  // What one may do on this template alone is nothing to hand on.
  const { can } = usePermissions(pid);
  const manage = can("manageUsers");
  const rows = useQuery(permissionsQuery(pid, template.id));
  const roles = useQuery(rolesQuery(pid));
  const name = (slug: string) => roles.data?.find((r) => r.slug === slug)?.name ?? slug;
  const free = (roles.data ?? []).filter((r) => !rows.data?.some((row) => row.role_slug === r.slug));
  const add = manage && free.length > 0 && (
    <Button variant="default" size="xs" leftSection={<IconPlus size={16} />} onClick={() => setOpen("new")} data-create>
      {t("template.add")}
    </Button>
  );
  const none = manage && roles.data?.length === 0;
  const close = () => setOpen(undefined);
  const form = { project: pid, template: template.id, can, onClose: close };
  const failed = rows.error ?? roles.error;
  return (
    <Card title={t("template.title")} action={add}>
      <p className={`${classes.lead} dim`}>
        {t("template.text")} {!manage && t("template.readOnly")}
      </p>
      {failed ? (
        <ErrorState error={failed} onRetry={() => void Promise.all([rows.refetch(), roles.refetch()])} />
      ) : !rows.data || !roles.data ? (
        <RowsSkeleton rows={2} />
      ) : rows.data.length === 0 ? (
        <Empty
          icon={<IconShieldCheck size={28} stroke={1.5} />}
          title={t("template.empty")}
          text={t(none ? "template.noRoles" : "template.emptyText")}
          action={
            none && (
              <Link to="/project/$pid/roles" params={{ pid }}>
                {t("template.toRoles")}
              </Link>
            )
          }
        />
      ) : (
        <ul className={classes.workspaces} aria-label={t("template.title")}>
          {rows.data.map((row) => (
            <Row
              key={row.id}
              pid={pid}
              row={row}
              name={name(row.role_slug)}
              onEdit={manage && beyond(row.permissions, can).length === 0 ? () => setOpen(row) : undefined}
            />
          ))}
        </ul>
      )}
      <FormDrawer
        opened={open !== undefined}
        onClose={close}
        title={open === undefined || open === "new" ? t("template.add") : name(open.role_slug)}
      >
        {open === "new" && <PermissionForm {...form} roles={free} />}
        {open !== undefined && open !== "new" && <EditPermission {...form} roles={roles.data ?? []} id={open.id} />}
      </FormDrawer>
    </Card>
  );
}

type RowProps = { pid: number; row: TemplatePermission; name: string; onEdit?: () => void };

function Row({ pid, row, name, onEdit }: RowProps) {
  const { t } = useTranslation("roles");
  const client = useQueryClient();
  const remove = async () => {
    try {
      await removePermission(pid, row);
      toastDone(t("template.removed", { role: name }));
    } catch (error) {
      toastError(error);
    }
    await client.invalidateQueries({ queryKey: templateKeys.all(pid) });
  };
  const ask = () =>
    modals.openConfirmModal({
      title: t("template.removeQuestion", { role: name }),
      labels: { confirm: t("actions.remove"), cancel: t("actions.cancel") },
      confirmProps: { color: "red" },
      closeButtonProps: { "aria-label": t("actions.close") },
      onConfirm: () => void remove(),
    });
  const rights = templateRights.filter((p) => holds(row.permissions, p)).map((p) => t(`templateRights.${p}`));
  return (
    <li>
      <div className={classes.workspace}>
        <span className={classes.workspaceName}>{name}</span>
        <span className="mono dim">{row.role_slug}</span>
        <span className="dim">{rights.join(", ") || t("template.none")}</span>
      </div>
      {onEdit && (
        <RowMenu name={name}>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={onEdit}>
            {t("actions.edit")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={ask}>
            {t("actions.remove")}
          </Menu.Item>
        </RowMenu>
      )}
    </li>
  );
}
