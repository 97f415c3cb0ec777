import { Autocomplete, Checkbox, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import {
  appsQuery,
  branchesQuery,
  environmentsQuery,
  inventoriesQuery,
  repositoriesQuery,
  templateKeys,
} from "@/api/queries";
import type { Template } from "@/api/types";
import { hasBranches } from "@/lib/gitUrl";
import { Form, Section, useSave } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { saveTemplate } from "./api";
import { SurveyEditor } from "./SurveyEditor";
import classes from "./templates.module.css";
import {
  overrides,
  parseArguments,
  templateField,
  templateRules,
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
  const form = useForm<TemplateValues>({ initialValues: initial, validate: templateRules(t) });
  const saving = useSave({
    form,
    fields: templateField,
    save: (values) => saveTemplate(project, values, original),
    onSaved: async (id, values) => {
      await client.invalidateQueries({ queryKey: templateKeys.all(project) });
      await router.navigate({ to: "/project/$pid/templates/$id", params: { pid: project, id } });
      toastDone(t(original ? "form.saved" : "form.created", { name: values.name }));
    },
  });
  const ansible = form.values.app === "ansible";
  return (
    <div className={classes.page}>
      <Form
        saving={saving}
        submitLabel={original ? t("actions.save") : t("actions.create")}
        onCancel={() => router.history.back()}
      >
        <div className={classes.sections}>
          <Basics form={form} isNew={!original} />
          <Source project={project} form={form} />
          <Targets project={project} form={form} />
          <Section title={t("survey.heading")} description={t("survey.help")}>
            <SurveyEditor form={form} />
          </Section>
          {ansible && <Ansible project={project} form={form} />}
          <Execution form={form} original={original} />
        </div>
      </Form>
    </div>
  );
}

function Basics({ form, isNew }: { form: FormState; isNew: boolean }) {
  const { t } = useTranslation("templates");
  const apps = useQuery(appsQuery());
  const shown = (apps.data ?? []).filter((a) => a.active || a.id === form.values.app);
  const chosen = apps.data?.find((a) => a.id === form.values.app);
  return (
    <Section title={t("sections.basics")}>
      <TextInput
        label={t("fields.name")}
        required
        autoFocus={isNew}
        maxLength={255}
        {...form.getInputProps("name")}
      />
      <Select
        label={t("fields.app")}
        description={
          chosen && !chosen.available ? chosen.available_reason || t("fields.appMissing") : undefined
        }
        required
        allowDeselect={false}
        data={shown.map((a) => ({
          value: a.id ?? "",
          label: a.available
            ? a.title || (a.id ?? "")
            : t("fields.appUnavailable", { name: a.title || a.id }),
        }))}
        {...form.getInputProps("app")}
      />
      <Textarea
        label={t("fields.description")}
        autosize
        minRows={2}
        maxRows={8}
        {...form.getInputProps("description")}
      />
    </Section>
  );
}

function Source({ project, form }: PartProps) {
  const { t } = useTranslation("templates");
  const repositories = useQuery(repositoriesQuery(project));
  const { app, repository_id: id } = form.values;
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
        label={app === "ansible" ? t("fields.playbook") : t("fields.script")}
        description={t("fields.pathHelp", { example: examplePath(app) })}
        required
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

function Targets({ project, form }: PartProps) {
  const { t } = useTranslation("templates");
  const inventories = useQuery(inventoriesQuery(project));
  const environments = useQuery(environmentsQuery(project));
  return (
    <Section title={t("sections.targets")}>
      <div className={classes.two}>
        {form.values.app === "ansible" && (
          <IdSelect
            label={t("fields.inventory")}
            required
            items={inventories.data}
            none={t("fields.noInventories")}
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
    </Section>
  );
}

function Execution({ form, original }: { form: FormState; original?: Template }) {
  const { t } = useTranslation("templates");
  const foreign = original !== undefined && parseArguments(original.arguments) === undefined;
  const check = (path: string) => form.getInputProps(path, { type: "checkbox" });
  return (
    <>
      <Section title={t("sections.prompts")} description={t("prompts.help")}>
        <div className={classes.checks}>
          <Checkbox label={t("prompts.branch")} {...check("allow_override_branch_in_task")} />
          <Checkbox label={t("prompts.args")} {...check("allow_override_args_in_task")} />
          {form.values.app === "ansible" && (
            <>
              {overrides.map((name) => (
                <Checkbox
                  key={name}
                  label={t(`prompts.${name}`)}
                  {...check(`ansible.allow_override_${name}`)}
                />
              ))}
              <Checkbox label={t("prompts.debug")} {...check("ansible.allow_debug")} />
            </>
          )}
        </div>
      </Section>
      <Section title={t("sections.execution")}>
        {foreign ? (
          <TextInput
            label={t("fields.args")}
            description={t("fields.argsForeign")}
            value={original.arguments ?? ""}
            readOnly
            classNames={{ input: "mono" }}
          />
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
