import { Checkbox, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, done } from "@/api/client";
import { permission } from "@/api/permissions";
import type { CustomRole } from "@/api/types";
import { Card } from "@/ui/Card";
import { AddForm, ItemName, Items, RemoveButton } from "@/ui/Items";
import { useDelete } from "@/ui/useDelete";
import { permissions, rolesQuery, useTeamChange } from "./team";
import classes from "./team.module.css";

/** The custom roles of a project and of all projects. */
export function Roles({ project, manage }: { project: number; manage: boolean }) {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const roles = useQuery(rolesQuery(project));
  const deleting = useDelete<{ id: number; name: string; slug: string }>({
    project,
    remove: ({ slug }) =>
      done(
        api.DELETE("/api/project/{project_id}/roles/{slug}", {
          params: { path: { project_id: project, slug } },
        }),
      ),
    onDone: () => client.invalidateQueries({ queryKey: rolesQuery(project).queryKey }),
  });
  const rights = (role: CustomRole) =>
    permissions
      .filter((p) => (role.permissions & permission[p]) !== 0)
      .map((p) => t(`team.${p}`))
      .join(", ") || t("team.look");

  return (
    <Card padded title={t("team.roles")}>
      <p className="dim" style={{ marginBlockStart: 0 }}>
        {t("team.rolesText")}
      </p>
      <Items query={roles} rows={1} empty={t("team.noRoles")}>
        {(role) => (
          <li key={role.slug}>
            <ItemName>
              {role.name} <span className="dim mono">{role.slug}</span>
              <br />
              <span className="dim">{rights(role)}</span>
            </ItemName>
            {role.project_id == null ? (
              <span className="dim">{t("team.everywhere")}</span>
            ) : (
              manage && (
                <RemoveButton
                  name={role.name}
                  onClick={() => deleting.ask({ id: 0, name: role.name, slug: role.slug })}
                />
              )
            )}
          </li>
        )}
      </Items>
      {manage && <NewRole project={project} />}
      {deleting.dialog}
    </Card>
  );
}

function NewRole({ project }: { project: number }) {
  const { t } = useTranslation("projects");
  const [name, setName] = useState("");
  const [slug, setSlug] = useState("");
  const [bits, setBits] = useState(permission.run as number);
  const create = useTeamChange(project, async () => {
    await data(
      api.POST("/api/project/{project_id}/roles", {
        params: { path: { project_id: project } },
        body: { name: name.trim(), slug, permissions: bits },
      }),
    );
    setName("");
    setSlug("");
  });
  return (
    <AddForm
      submitLabel={t("team.create")}
      disabled={name.trim() === "" || slug === ""}
      busy={create.isPending}
      onSubmit={() => create.mutate(undefined)}
    >
      <TextInput
        label={t("team.name")}
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={t("team.slug")}
        description={t("team.slugHelp")}
        value={slug}
        maxLength={100}
        spellCheck={false}
        autoCapitalize="none"
        classNames={{ input: "mono" }}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
      <fieldset className={classes.bits} style={{ border: 0, margin: 0, padding: 0 }}>
        <legend style={{ padding: 0 }}>{t("team.may")}</legend>
        {permissions.map((p) => (
          <Checkbox
            key={p}
            label={t(`team.${p}`)}
            checked={(bits & permission[p]) !== 0}
            onChange={() => setBits(bits ^ permission[p])}
          />
        ))}
      </fieldset>
    </AddForm>
  );
}
