import { Button, CopyButton, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconCheck, IconCopy, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, done } from "@/api/client";
import type { Invite } from "@/api/types";
import { Card } from "@/ui/Card";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { useRoleChoices } from "./Members";
import { invitesQuery, usersQuery, useTeamChange } from "./team";
import classes from "./team.module.css";

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
      {invites.error ? (
        <ErrorState error={invites.error} onRetry={() => void invites.refetch()} />
      ) : !invites.data ? (
        <RowsSkeleton rows={1} />
      ) : (
        <ul className={classes.list}>
          {invites.data.length === 0 && <li className="dim">{t("team.noInvites")}</li>}
          {invites.data.map((invite) => (
            <li key={invite.id}>
              <span className={classes.name}>
                {who(invite)} <span className="dim">{role(invite.role)}</span>
              </span>
              <span className="dim">{t(`team.${invite.status}`)}</span>
              <Button
                variant="subtle"
                color="red"
                size="xs"
                leftSection={<IconTrash size={14} />}
                loading={remove.isPending && remove.variables === invite.id}
                aria-label={`${t("actions.delete")}: ${who(invite)}`}
                onClick={() => remove.mutate(invite.id)}
              >
                {t("actions.delete")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <NewInvite project={project} kind={kind} />
    </Card>
  );
}

function NewInvite({ project, kind }: { project: number; kind: string }) {
  const { t } = useTranslation("projects");
  const choices = useRoleChoices(project);
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
      {fresh && (
        <div className={classes.fresh} role="status">
          <p>{t("team.once")}</p>
          <code className="mono">{fresh}</code>
          <CopyButton value={fresh}>
            {({ copied, copy }) => (
              <Button
                size="xs"
                variant="default"
                onClick={copy}
                style={{ justifySelf: "start" }}
                leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              >
                {copied ? t("actions.copied") : t("actions.copy")}
              </Button>
            )}
          </CopyButton>
        </div>
      )}
      <form
        className={classes.create}
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(undefined);
        }}
      >
        {byUser ? (
          <Select
            label={t("team.user")}
            searchable
            data={(users.data ?? []).map((u) => ({ value: String(u.id), label: `${u.name} (${u.username})` }))}
            value={target === "" ? null : target}
            onChange={(value) => setTarget(value ?? "")}
          />
        ) : (
          <TextInput
            label={t("team.email")}
            type="email"
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
          />
        )}
        <Select
          label={t("team.role")}
          data={choices}
          value={role}
          allowDeselect={false}
          onChange={(value) => value && setRole(value)}
        />
        <Button
          type="submit"
          disabled={target.trim() === ""}
          loading={create.isPending}
          leftSection={<IconPlus size={16} />}
        >
          {t("team.invite")}
        </Button>
      </form>
    </>
  );
}
