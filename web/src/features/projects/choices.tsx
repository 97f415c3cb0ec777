import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { rolesQuery, type usersQuery } from "@/api/queries";
import { builtinRoles } from "./team";

/** The roles that members of a project can have, for a Select. */
export function useRoleChoices(project: number) {
  const { t } = useTranslation("projects");
  const roles = useQuery(rolesQuery(project));
  return [
    ...builtinRoles.map((role) => ({ value: role as string, label: t(`team.${role}`) })),
    ...(roles.data ?? []).map((role) => ({ value: role.slug, label: role.name })),
  ];
}

/** The role of a member; `member` names whose it is, where several stand below each other. */
export function RoleSelect({
  project,
  member,
  value,
  disabled,
  onChange,
}: {
  project: number;
  member?: string;
  value: string;
  disabled?: boolean;
  onChange: (role: string) => void;
}) {
  const { t } = useTranslation("projects");
  const choices = useRoleChoices(project);
  const label = t("team.role");
  return (
    <Select
      {...(member === undefined ? { label } : { "aria-label": `${label}: ${member}`, size: "xs" })}
      data={choices}
      value={value}
      allowDeselect={false}
      disabled={disabled}
      onChange={(role) => role && onChange(role)}
    />
  );
}

type Users = Awaited<ReturnType<NonNullable<ReturnType<typeof usersQuery>["queryFn"]>>>;

/** One of the accounts, by its id. */
export function UserSelect({
  users,
  value,
  onChange,
}: {
  users: Users | undefined;
  value: string | null;
  onChange: (id: string | null) => void;
}) {
  const { t } = useTranslation("projects");
  return (
    <Select
      label={t("team.user")}
      searchable
      data={(users ?? []).map((u) => ({ value: String(u.id), label: `${u.name} (${u.username})` }))}
      value={value}
      onChange={onChange}
    />
  );
}
