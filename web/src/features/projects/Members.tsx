import { Button, Select } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useQuery } from "@tanstack/react-query";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { userQuery } from "@/api/queries";
import type { Member } from "@/api/types";
import { Card } from "@/ui/Card";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { builtinRoles, membersQuery, rolesQuery, usersQuery, useTeamChange } from "./team";
import classes from "./team.module.css";

/** The roles that members of a project can have, for a Select. */
export function useRoleChoices(project: number) {
  const { t } = useTranslation("projects");
  const roles = useQuery(rolesQuery(project));
  return [
    ...builtinRoles.map((role) => ({ value: role as string, label: t(`team.${role}`) })),
    ...(roles.data ?? []).map((role) => ({ value: role.slug, label: role.name })),
  ];
}

/** Who is in the project, and for those who manage members the means to change it. */
export function Members({ project, manage }: { project: number; manage: boolean }) {
  const { t } = useTranslation("projects");
  const members = useQuery(membersQuery(project));
  const me = useQuery(userQuery());
  const choices = useRoleChoices(project);
  const path = (user: number) => ({ path: { project_id: project, user_id: user } });
  const setRole = useTeamChange(project, ({ id, role }: { id: number; role: string }) =>
    done(
      api.PUT("/api/project/{project_id}/users/{user_id}", { params: path(id), body: { role } }),
    ),
  );
  const remove = useTeamChange(project, async (member: Member) => {
    await done(api.DELETE("/api/project/{project_id}/users/{user_id}", { params: path(member.id) }));
    toastDone(t("team.removed", { name: member.name }));
  });
  const ask = (member: Member) =>
    modals.openConfirmModal({
      title: t("team.removeQuestion", { name: member.name }),
      children: t("team.removeText"),
      labels: { confirm: t("team.remove"), cancel: t("actions.cancel") },
      confirmProps: { color: "red" },
      closeButtonProps: { "aria-label": t("actions.close") },
      onConfirm: () => remove.mutate(member),
    });
  const label = (role: string) => choices.find((c) => c.value === role)?.label ?? role;

  return (
    <Card padded title={t("team.members")}>
      {members.error ? (
        <ErrorState error={members.error} onRetry={() => void members.refetch()} />
      ) : !members.data ? (
        <RowsSkeleton rows={2} />
      ) : (
        <ul className={classes.list}>
          {members.data.map((member) => {
            const own = member.id === me.data?.id;
            return (
              <li key={member.id}>
                <span className={classes.name}>
                  {member.name} <span className="dim">{member.username}</span>
                  {own && <span className="dim"> · {t("team.you")}</span>}
                </span>
                {manage && !own ? (
                  <>
                    <Select
                      size="xs"
                      aria-label={`${t("team.role")}: ${member.name}`}
                      data={choices}
                      value={member.role}
                      allowDeselect={false}
                      disabled={setRole.isPending}
                      onChange={(role) => role && setRole.mutate({ id: member.id, role })}
                    />
                    <Button
                      variant="subtle"
                      color="red"
                      size="xs"
                      aria-label={`${t("team.remove")}: ${member.name}`}
                      onClick={() => ask(member)}
                    >
                      {t("team.remove")}
                    </Button>
                  </>
                ) : (
                  <span className="dim">{label(member.role)}</span>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {manage && <AddMember project={project} members={members.data ?? []} />}
    </Card>
  );
}

function AddMember({ project, members }: { project: number; members: Member[] }) {
  const { t } = useTranslation("projects");
  const users = useQuery(usersQuery());
  const choices = useRoleChoices(project);
  const [user, setUser] = useState<string | null>(null);
  const [role, setRole] = useState("task_runner");
  const add = useTeamChange(project, async () => {
    await done(
      api.POST("/api/project/{project_id}/users", {
        params: { path: { project_id: project } },
        body: { user_id: Number(user), role },
      }),
    );
    setUser(null);
  });
  const others = (users.data ?? []).filter((u) => !members.some((m) => m.id === u.id));
  return (
    <form
      className={classes.create}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(undefined);
      }}
    >
      <Select
        label={t("team.user")}
        searchable
        data={others.map((u) => ({ value: String(u.id), label: `${u.name} (${u.username})` }))}
        value={user}
        onChange={setUser}
      />
      <Select
        label={t("team.role")}
        data={choices}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value)}
      />
      <Button
        type="submit"
        disabled={user === null}
        loading={add.isPending}
        leftSection={<IconPlus size={16} />}
      >
        {t("team.add")}
      </Button>
    </form>
  );
}
