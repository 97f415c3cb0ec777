import { Alert, Autocomplete, Checkbox, NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { familyOf, stageNames, takesInventory } from "@/api/apps";
import {
  appsQuery,
  branchesQuery,
  environmentsQuery,
  inventoriesQuery,
  repositoriesQuery,
  templateKeys,
  templatesQuery,
  workspacesQuery,
} from "@/api/queries";
import type { App, Template } from "@/api/types";
import { hasBranches } from "@/lib/gitUrl";
import { Form, Section, useSave } from "@/ui/form";
import { Segments } from "@/ui/Segments";
import { toastDone } from "@/ui/toast";
import { saveTemplate } from "./api";
import { SurveyEditor } from "./SurveyEditor";
import classes from "./templates.module.css";
import {
  foreignArguments,
  overrides,
  templateField,
  templateRules,
  templateTypes,
  type TemplateValues,
} from "./values";
import { VaultEditor } from "./VaultEditor";

type FormState = UseFormReturnType<TemplateValues>;
type Props = { project: number; initial: TemplateValues; original?: Template };
type PartProps = { project: number; form: FormState };

/** Creates or edits a template: what runs, where, with what, and what a run may change. */
export function TemplateForm({ project, initial, original }: Props) {
  const { t } = useTranslation("templates");
  const router = useRouter();
  const client = useQueryClient();
  // A newer one may be read while the form is open; the form was not filled from it.
  const [edited] = useState(original);
  const form = useForm<TemplateValues>({ initialValues: initial, validate: templateRules(t) });
  const saving = useSave({
    form,
    fields: (field) => templateField(field, form.values.family),
    save: (values) => saveTemplate(project, values, edited),
    onSaved: async (id, values) => {
      await client.invalidateQueries({ queryKey: templateKeys.all(project) });
      await router.navigate({ to: "/project/$pid/templates/$id", params: { pid: project, id } });
      toastDone(t(original ? "form.saved" : "form.created", { name: values.name }));
    },
  });
  const { family } = form.values;
  return (
    <div className={classes.page}>
      <Form
        saving={saving}
        submitLabel={original ? t("actions.save") : t("actions.create")}
        onCancel={() => router.history.back()}
      >
        <div className={classes.sections}>
          <Basics project={project} form={form} original={original} />
          <Source project={project} form={form} />
          <Targets project={project} form={form} original={original} />
          <Section title={t("survey.heading")} description={t("survey.help")}>
            <SurveyEditor form={form} />
          </Section>
          {family === "ansible" && <Ansible project={project} form={form} />}
          {family === "terraform" && <Terraform form={form} />}
          <Execution form={form} original={original} />
        </div>
      </Form>
    </div>
  );
}

function Basics({ project, form, original }: PartProps & { original?: Template }) {
  const { t } = useTranslation("templates");
  const apps = useQuery(appsQuery());
  const chosen = apps.data?.find((a) => a.id === form.values.app);
  const label = (app: App) => {
    const name = app.title || (app.id ?? "");
    if (!app.active) return t("fields.appInactive", { name });
    return app.available ? name : t("fields.appUnavailable", { name });
  };
  const choose = (id: string | null) => {
    if (id === null) return;
    const family = familyOf(apps.data, id) ?? "script";
    const changed = family !== form.values.family;
    form.setValues({ app: id, family, ...(changed ? { inventory_id: null } : {}) });
  };
  return (
    <Section title={t("sections.basics")}>
      <TextInput
        label={t("fields.name")}
        required
        autoFocus={!original}
        maxLength={255}
        {...form.getInputProps("name")}
      />
      <Select
        label={t("fields.app")}
        required
        allowDeselect={false}
        data={(apps.data ?? []).map((app) => ({
          value: app.id ?? "",
          label: label(app),
          disabled: !app.active && app.id !== original?.app,
        }))}
        {...form.getInputProps("app")}
        onChange={choose}
      />
      {chosen && !(chosen.available && chosen.active) && (
        <Alert color="yellow">
          {chosen.active ? chosen.available_reason || t("fields.appMissing") : t("fields.appOff")}
        </Alert>
      )}
      <Textarea
        label={t("fields.description")}
        autosize
        minRows={2}
        maxRows={8}
        {...form.getInputProps("description")}
      />
      <Kind project={project} form={form} original={original} />
    </Section>
  );
}

/** Whether its runs are tasks, make versions, or bring versions somewhere. */
function Kind({ project, form, original }: PartProps & { original?: Template }) {
  const { t } = useTranslation("templates");
  const { type } = form.values;
  const templates = useQuery({ ...templatesQuery(project), enabled: type === "deploy" });
  const sources = (templates.data ?? []).filter(
    (x) => (x.type === "build" || x.type === "deploy") && x.id !== original?.id,
  );
  return (
    <>
      <Segments
        label={t("build.type")}
        help={t(`build.help.${type}`)}
        data={templateTypes.map((value) => ({ value, label: t(`build.types.${value}`) }))}
        {...form.getInputProps("type")}
      />
      {type === "build" && (
        <TextInput
          label={t("build.startVersion")}
          description={t("build.startVersionHelp")}
          required
          spellCheck={false}
          placeholder="1.0.0"
          {...form.getInputProps("start_version")}
        />
      )}
      {type === "deploy" && (
        <>
          <IdSelect
            label={t("build.template")}
            required
            items={templates.data && sources}
            none={t("build.noTemplates")}
            {...form.getInputProps("build_template_id")}
          />
          <Checkbox
            label={t("build.autorun")}
            description={t("build.autorunHelp")}
            {...form.getInputProps("autorun", { type: "checkbox" })}
          />
        </>
      )}
    </>
  );
}

function Source({ project, form }: PartProps) {
  const { t } = useTranslation("templates");
  const repositories = useQuery(repositoriesQuery(project));
  const { app, family, repository_id: id } = form.values;
  const word = ({ ansible: "playbook", terraform: "directory", script: "script" } as const)[family];
  const repository = repositories.data?.find((r) => r.id === id);
  const branches = useQuery({
    ...branchesQuery(project, id ?? 0),
    enabled: repository !== undefined && hasBranches(repository.git_url),
  });
  return (
    <Section title={t("sections.source")}>
      <IdSelect
        label={t("fields.repository")}
        required
        items={repositories.data}
        none={t("fields.noRepositories")}
        {...form.getInputProps("repository_id")}
      />
      <Autocomplete
        label={t("fields.branch")}
        description={t("fields.branchHelp")}
        placeholder={repository?.git_branch}
        data={branches.data ?? []}
        limit={50}
        autoCapitalize="none"
        spellCheck={false}
        {...form.getInputProps("git_branch")}
      />
      <TextInput
        label={t(`fields.${word}`)}
        description={
          family === "terraform"
            ? t("fields.directoryHelp")
            : t("fields.pathHelp", { example: examplePath(app) })
        }
        required={family !== "terraform"}
        autoCapitalize="none"
        spellCheck={false}
        classNames={{ input: "mono" }}
        {...form.getInputProps("playbook")}
      />
    </Section>
  );
}

function examplePath(app: string): string {
  const examples: Record<string, string> = { ansible: "site.yml", python: "main.py" };
  return examples[app] ?? "scripts/deploy.sh";
}

function Targets({ project, form, original }: PartProps & { original?: Template }) {
  const { t } = useTranslation("templates");
  const inventories = useQuery(inventoriesQuery(project));
  const environments = useQuery(environmentsQuery(project));
  const { app, family } = form.values;
  // A workspace belongs to one template, and is then not in the list of all.
  const own = useQuery({
    ...workspacesQuery(project, original?.id ?? 0),
    enabled: original !== undefined && family === "terraform",
  });
  const all = family === "terraform" && original ? merged(own.data, inventories.data) : inventories.data;
  const fitting = all?.filter((i) => takesInventory(family, app, i.type ?? ""));
  return (
    <Section title={t(family === "ansible" ? "sections.targets" : "sections.variables")}>
      <div className={classes.two}>
        {family === "ansible" && (
          <IdSelect
            label={t("fields.inventory")}
            required
            items={fitting}
            none={t("fields.noInventories")}
            {...form.getInputProps("inventory_id")}
          />
        )}
        {family === "terraform" && (
          <IdSelect
            label={t("terraform.workspace")}
            clearable
            items={fitting}
            none={t("terraform.noWorkspaces")}
            {...form.getInputProps("inventory_id")}
          />
        )}
        <IdSelect
          label={t("fields.environment")}
          clearable
          items={environments.data}
          none={t("fields.noEnvironments")}
          {...form.getInputProps("environment_id")}
        />
      </div>
    </Section>
  );
}

function merged<T>(own: T[] | undefined, others: T[] | undefined): T[] | undefined {
  return own && others && [...own, ...others];
}

function Ansible({ project, form }: PartProps) {
  const { t } = useTranslation("templates");
  return (
    <Section title={t("sections.ansible")}>
      <div className={classes.two}>
        <TagsInput
          label={t("ansible.limit")}
          description={t("ansible.limitHelp")}
          acceptValueOnBlur
          {...form.getInputProps("ansible.limit")}
        />
        <TagsInput
          label={t("ansible.tags")}
          description={t("ansible.tagsHelp")}
          acceptValueOnBlur
          {...form.getInputProps("ansible.tags")}
        />
        <TagsInput
          label={t("ansible.skip_tags")}
          description={t("ansible.tagsHelp")}
          acceptValueOnBlur
          {...form.getInputProps("ansible.skip_tags")}
        />
      </div>
      <VaultEditor project={project} form={form} />
      <Galaxy form={form} />
    </Section>
  );
}

/** What few playbooks need; open where it is in use. */
function Galaxy({ form }: { form: FormState }) {
  const { t } = useTranslation("templates");
  const { skip_galaxy_install: skip, galaxy_collection_args: collections, galaxy_role_args: roles } = form.getInitialValues().ansible;
  const list = (name: "galaxy_collection_args" | "galaxy_role_args") => (
    <TagsInput
      label={t(`ansible.${name}`)}
      description={t("fields.argsHelp")}
      splitChars={[]}
      allowDuplicates
      acceptValueOnBlur
      disabled={form.values.ansible.skip_galaxy_install}
      {...form.getInputProps(`ansible.${name}`)}
    />
  );
  const wrong = Object.keys(form.errors).some((path) => path.startsWith("ansible.galaxy"));
  return (
    <details open={skip || collections.length + roles.length > 0 || wrong || undefined}>
      <summary>{t("ansible.galaxy")}</summary>
      <div className={classes.details}>
        <Checkbox
          label={t("ansible.skip_galaxy_install")}
          description={t("ansible.skipGalaxyHelp")}
          {...form.getInputProps("ansible.skip_galaxy_install", { type: "checkbox" })}
        />
        <div className={classes.two}>
          {list("galaxy_collection_args")}
          {list("galaxy_role_args")}
        </div>
        <p className={classes.note}>{t("ansible.galaxySecrets")}</p>
      </div>
    </details>
  );
}

function Terraform({ form }: { form: FormState }) {
  const { t } = useTranslation("templates");
  const check = (path: string) => form.getInputProps(`terraform.${path}`, { type: "checkbox" });
  return (
    <Section title={t("sections.terraform")}>
      <div className={classes.checks}>
        <Checkbox
          label={t("terraform.autoApprove")}
          description={t("terraform.autoApproveHelp")}
          {...check("auto_approve")}
        />
        <Checkbox
          label={t("terraform.overrideBackend")}
          description={t("terraform.overrideBackendHelp")}
          {...check("override_backend")}
        />
      </div>
      {form.values.terraform.override_backend && (
        <TextInput
          label={t("terraform.backendFile")}
          description={t("terraform.backendFileHelp", { example: "backend.tf" })}
          placeholder="backend.tf"
          spellCheck={false}
          classNames={{ input: "mono" }}
          {...form.getInputProps("terraform.backend_filename")}
        />
      )}
    </Section>
  );
}

/** Arguments for each step of the Terraform family. */
function StageArguments({ form }: { form: FormState }) {
  const { t } = useTranslation("templates");
  return (
    <div className={classes.two}>
      {stageNames.map((stage) => (
        <TagsInput
          key={stage}
          label={t(`terraform.args.${stage}`)}
          description={t(stage === "default" ? "terraform.argsDefaultHelp" : "fields.argsHelp")}
          splitChars={[]}
          allowDuplicates
          acceptValueOnBlur
          {...form.getInputProps(`stages.${stage}`)}
        />
      ))}
    </div>
  );
}

function Execution({ form, original }: { form: FormState; original?: Template }) {
  const { t } = useTranslation("templates");
  const { family } = form.values;
  const foreign = foreignArguments(original, family);
  const check = (path: string) => form.getInputProps(path, { type: "checkbox" });
  return (
    <>
      <Section title={t("sections.prompts")} description={t("prompts.help")}>
        <div className={classes.checks}>
          <Checkbox label={t("prompts.branch")} {...check("allow_override_branch_in_task")} />
          <Checkbox label={t("prompts.args")} {...check("allow_override_args_in_task")} />
          {family === "terraform" && (
            <>
              <Checkbox
                label={t("terraform.workspace")}
                {...check("terraform.allow_override_inventory")}
              />
              <Checkbox
                label={t("terraform.allowAutoApprove")}
                {...check("terraform.allow_auto_approve")}
              />
              <Checkbox label={t("terraform.allowDestroy")} {...check("terraform.allow_destroy")} />
            </>
          )}
          {family === "ansible" && (
            <>
              {overrides.map((name) => (
                <Checkbox
                  key={name}
                  label={t(`prompts.${name}`)}
                  {...check(`ansible.allow_override_${name}`)}
                />
              ))}
              <Checkbox label={t("prompts.debug")} {...check("ansible.allow_debug")} />
              <Checkbox
                label={t("prompts.skip_galaxy_install")}
                {...check("ansible.allow_override_skip_galaxy_install")}
              />
            </>
          )}
          <Checkbox
            label={t("prompts.environment")}
            description={t(family === "ansible" ? "prompts.environmentAnsible" : "prompts.environmentHelp")}
            {...check("allow_override_environment_in_task")}
          />
        </div>
      </Section>
      <Section title={t("sections.execution")}>
        {foreign ? (
          <TextInput
            label={t("fields.args")}
            description={t("fields.argsForeign")}
            value={original?.arguments ?? ""}
            readOnly
            classNames={{ input: "mono" }}
          />
        ) : family === "terraform" ? (
          <StageArguments form={form} />
        ) : (
          <TagsInput
            label={t("fields.args")}
            description={t("fields.argsHelp")}
            splitChars={[]}
            allowDuplicates
            acceptValueOnBlur
            {...form.getInputProps("args")}
          />
        )}
        <NumberInput
          label={t("fields.maxDuration")}
          description={t("fields.maxDurationHelp")}
          min={0}
          max={100000}
          decimalScale={2}
          hideControls
          className={classes.number}
          {...form.getInputProps("max_minutes")}
        />
        <div className={classes.checks}>
          <Checkbox
            label={t("fields.parallel")}
            description={t("fields.parallelHelp")}
            {...check("allow_parallel_tasks")}
          />
          <Checkbox
            label={t("fields.quiet")}
            description={t("fields.quietHelp")}
            {...check("suppress_success_alerts")}
          />
        </div>
      </Section>
    </>
  );
}

type IdSelectProps = {
  label: string;
  items?: { id: number; name: string }[];
  none: string;
  required?: boolean;
  clearable?: boolean;
  value?: number | null;
  onChange?: (value: number | null) => void;
  error?: React.ReactNode;
};

/** A searchable choice between the project's objects of a kind. */
function IdSelect({ items, none, value, onChange, ...rest }: IdSelectProps) {
  const { t } = useTranslation();
  return (
    <Select
      {...rest}
      searchable
      description={items?.length === 0 ? none : undefined}
      nothingFoundMessage={t("picker.nothing")}
      data={(items ?? []).map((i) => ({ value: String(i.id), label: i.name }))}
      value={value == null ? null : String(value)}
      onChange={(id) => onChange?.(id === null ? null : Number(id))}
    />
  );
}
