import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, done } from "@/api/client";
import type { Invite } from "@/api/types";
import { Card } from "@/ui/Card";
import { usersQuery } from "@/api/queries";
import { ShownOnce } from "@/ui/CopyValue";
import { AddForm, ItemName, Items, RemoveButton } from "@/ui/Items";
import { RoleSelect, UserSelect, useRoleChoices } from "./choices";
import { invitesQuery, useTeamChange } from "./team";

const who = (invite: Invite) => invite.user?.name ?? invite.email ?? "";

/** Invitations to the project. The address that accepts a new one is shown once. */
export function Invites({ project, kind }: { project: number; kind: string }) {
  const { t } = useTranslation("projects");
  const invites = useQuery(invitesQuery(project));
  const choices = useRoleChoices(project);
  const remove = useTeamChange(project, (id: number) =>
    done(
      api.DELETE("/api/project/{project_id}/invites/{invite_id}", {
        params: { path: { project_id: project, invite_id: id } },
      }),
    ),
  );
  const role = (slug: string) => choices.find((c) => c.value === slug)?.label ?? slug;
  return (
    <Card padded title={t("team.invites")}>
      <Items query={invites} rows={1} empty={t("team.noInvites")}>
        {(invite) => (
          <li key={invite.id}>
            <ItemName>
              {who(invite)} <span className="dim">{role(invite.role)}</span>
            </ItemName>
            <span className="dim">{t(`team.${invite.status}`)}</span>
            <RemoveButton
              name={who(invite)}
              busy={remove.isPending && remove.variables === invite.id}
              onClick={() => remove.mutate(invite.id)}
            />
          </li>
        )}
      </Items>
      <NewInvite project={project} kind={kind} />
    </Card>
  );
}

function NewInvite({ project, kind }: { project: number; kind: string }) {
  const { t } = useTranslation("projects");
  const byUser = kind === "username";
  const users = useQuery({ ...usersQuery(), enabled: byUser });
  const [target, setTarget] = useState("");
  const [role, setRole] = useState("task_runner");
  const [fresh, setFresh] = useState("");
  const create = useTeamChange(project, async () => {
    const made = await data(
      api.POST("/api/project/{project_id}/invites", {
        params: { path: { project_id: project } },
        body: { role, ...(byUser ? { user_id: Number(target) } : { email: target.trim() }) },
      }),
    );
    setFresh(made.url ?? made.token);
    setTarget("");
  });
  return (
    <>
      {fresh && <ShownOnce text={t("team.once")} value={fresh} />}
      <AddForm
        submitLabel={t("team.invite")}
        disabled={target.trim() === ""}
        busy={create.isPending}
        onSubmit={() => create.mutate(undefined)}
      >
        {byUser ? (
          <UserSelect users={users.data} value={target === "" ? null : target} onChange={(id) => setTarget(id ?? "")} />
        ) : (
          <TextInput
            label={t("team.email")}
            type="email"
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
          />
        )}
        <RoleSelect project={project} value={role} onChange={setRole} />
      </AddForm>
    </>
  );
}
