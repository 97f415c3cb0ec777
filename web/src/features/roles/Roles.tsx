import { Badge, Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconCheck, IconEdit, IconMinus, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Permission } from "@/api/permissions";
import type { CustomRole } from "@/api/types";
import { type Column, DataTable } from "@/ui/DataTable";
import { FormDrawer } from "@/ui/form";
import { beyond, holds, permissions, useRightsText } from "@/ui/Rights";
import { RowMenu } from "@/ui/RowMenu";
import { useDelete } from "@/ui/useDelete";
import { useOpenName } from "@/ui/useOpen";
import { deleteRole, rolesKey, rolesOfQuery } from "./api";
import { EditRole, RoleForm } from "./RoleForm";
import { builtinRoles, type RoleRow, rowOf } from "./values";

/** Stands for a role to be made; no short name has this sign. */
const NEW = "+";
const param = "role";

export function NewRoleButton() {
  const { t } = useTranslation("roles");
  const { show } = useOpenName(param);
  return (
    <Button leftSection={<IconPlus size={16} />} onClick={() => show(NEW)} data-create>
      {t("create")}
    </Button>
  );
}

type Props = {
  /** Left out: the roles of all projects. */
  project?: number;
  manage: boolean;
  can: (p: Permission) => boolean;
};

/** The roles of a project or of all projects, with what each allows. */
export function Roles({ project, manage, can }: Props) {
  const { t } = useTranslation("roles");
  const client = useQueryClient();
  const drawer = useOpenName(param);
  const roles = useQuery({
    ...rolesOfQuery(project),
    select: (custom: CustomRole[]): RoleRow[] => [
      ...Object.entries(builtinRoles).map(([slug, mask]): RoleRow => ({ slug, name: t(`builtin.${slug}`), permissions: mask, scope: "builtin" })),
      ...custom.map(rowOf),
    ],
  });
  const deleting = useDelete<{ id: number; name: string; slug: string }>({
    project: project ?? 0,
    remove: ({ slug }) => deleteRole(project, slug),
    onDone: () => client.invalidateQueries({ queryKey: rolesKey(project) }),
  });
  const own = project === undefined ? "everywhere" : "project";
  const editable = (role: RoleRow) => manage && role.scope === own && beyond(role.permissions, can).length === 0;
  const name = (r: RoleRow) => <RoleName role={r} own={own} editable={editable(r)} />;
  const columns: Column<RoleRow>[] = [
    { id: "name", header: t("name"), sort: (r) => r.name, render: name },
    ...permissions.map(
      (p): Column<RoleRow> => ({
        id: p,
        header: t(`rights.${p}`),
        sort: (r) => (holds(r.permissions, p) ? 0 : 1),
        render: (r) => <Mark on={holds(r.permissions, p)} />,
      }),
    ),
  ];
  const text = useRightsText();
  const item = roles.data?.find((r) => r.slug === drawer.open && editable(r));
  const opened = manage && (drawer.open === NEW || item !== undefined);
  const form = { project, can, onClose: drawer.close, onSaved: drawer.closed };
  return (
    <>
      <DataTable
        label={t("title")}
        query={roles}
        columns={columns}
        rowKey={(r) => r.slug}
        text={(r) => `${r.name} ${r.slug} ${text(r.permissions)}`}
        card={(r) => ({ title: name(r), meta: text(r.permissions) })}
        actions={(r) =>
          editable(r) && (
            <RowMenu name={r.name} onDelete={() => deleting.ask({ id: 0, name: r.name, slug: r.slug })}>
              <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => drawer.show(r.slug)}>
                {t("actions.edit")}
              </Menu.Item>
            </RowMenu>
          )
        }
        empty={null}
      />
      <FormDrawer opened={opened} onClose={drawer.close} title={item ? item.name : t("create")}>
        {opened && (item ? <EditRole key={item.slug} slug={item.slug} {...form} /> : <RoleForm {...form} />)}
      </FormDrawer>
      {deleting.dialog}
    </>
  );
}

/** The name leads to the form for those who may change the role. */
function RoleName({ role, own, editable }: { role: RoleRow; own: RoleRow["scope"]; editable: boolean }) {
  const { t } = useTranslation("roles");
  return (
    <>
      {editable ? (
        <Link to="." search={(prev) => ({ ...prev, [param]: role.slug }) as never} data-row-link>
          {role.name}
        </Link>
      ) : (
        <span style={{ fontWeight: 550 }}>{role.name}</span>
      )}{" "}
      <span className="dim mono">{role.slug}</span>{" "}
      {role.scope !== own && (
        <Badge variant="default" size="sm">
          {t(`scope.${role.scope}`)}
        </Badge>
      )}
    </>
  );
}

function Mark({ on }: { on: boolean }) {
  const { t } = useTranslation("roles");
  return on ? (
    <IconCheck size={18} color="var(--sb-status-success)" aria-label={t("yes")} role="img" />
  ) : (
    <IconMinus size={18} color="var(--sb-text-dim)" aria-label={t("no")} role="img" />
  );
}
