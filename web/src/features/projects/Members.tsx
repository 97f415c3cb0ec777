import { modals } from "@mantine/modals";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { membersQuery, userQuery, usersQuery } from "@/api/queries";
import type { Member } from "@/api/types";
import { Card } from "@/ui/Card";
import { AddForm, ItemName, Items, RemoveButton } from "@/ui/Items";
import { toastDone } from "@/ui/toast";
import { RoleSelect, UserSelect, useRoleChoices } from "./choices";
import { useTeamChange } from "./team";

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
      <Items query={members}>
        {(member) => {
          const own = member.id === me.data?.id;
          return (
            <li key={member.id}>
              <ItemName>
                {member.name} <span className="dim">{member.username}</span>
                {own && <span className="dim"> · {t("team.you")}</span>}
              </ItemName>
              {manage && !own ? (
                <>
                  <RoleSelect
                    project={project}
                    member={member.name}
                    value={member.role}
                    disabled={setRole.isPending}
                    onChange={(role) => setRole.mutate({ id: member.id, role })}
                  />
                  <RemoveButton name={member.name} label={t("team.remove")} onClick={() => ask(member)} />
                </>
              ) : (
                <span className="dim">{label(member.role)}</span>
              )}
            </li>
          );
        }}
      </Items>
      {manage && <AddMember project={project} members={members.data ?? []} />}
    </Card>
  );
}

function AddMember({ project, members }: { project: number; members: Member[] }) {
  const { t } = useTranslation("projects");
  const users = useQuery(usersQuery());
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
    <AddForm
      submitLabel={t("team.add")}
      disabled={user === null}
      busy={add.isPending}
      onSubmit={() => add.mutate(undefined)}
    >
      <UserSelect users={others} value={user} onChange={setUser} />
      <RoleSelect project={project} value={role} onChange={setRole} />
    </AddForm>
  );
}
