import { Autocomplete, Checkbox, Select, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { takesInventory } from "@/api/apps";
import { branchesQuery, inventoriesQuery, templateTasksQuery, workspacesQuery } from "@/api/queries";
import type { Template } from "@/api/types";
import { formatRelative } from "@/lib/format";
import { CodeArea } from "@/ui/CodeArea";
import { Section } from "@/ui/form";
import type { LaunchFormApi } from "./LaunchForm";
import { pointless, type Prompts, type TerraformChoice, templateFamily } from "./payload";

interface Props {
  readonly projectId: number;
  readonly template: Template;
  readonly form: LaunchFormApi;
  readonly prompts: Prompts;
}

/** What a run may change beside the survey; only what the template allows is there. */
export function PromptFields(props: Props) {
  const { t } = useTranslation("runs");
  const { form, prompts } = props;
  const tags = (name: "limit" | "tags" | "skipTags" | "args") => (
    <TagsInput
      label={t(`launch.${name}`)}
      description={t(`launch.${name}Help`)}
      splitChars={name === "args" ? [] : [","]}
      allowDuplicates={name === "args"}
      acceptValueOnBlur
      clearable
      clearButtonProps={{ "aria-label": t("launch.clear") }}
      {...form.getInputProps(name)}
    />
  );
  return (
    <Section title={t("launch.options")}>
      {prompts.build && <BuildField {...props} />}
      <TextInput label={t("launch.message")} description={t("launch.messageHelp")} {...form.getInputProps("message")} />
      {prompts.branch && <BranchField {...props} />}
      {prompts.inventory &&
        (templateFamily(props.template) === "terraform" ? <WorkspaceField {...props} /> : <InventoryField {...props} />)}
      {prompts.limit && tags("limit")}
      {prompts.tags && tags("tags")}
      {prompts.skipTags && tags("skipTags")}
      {prompts.args && tags("args")}
      {prompts.debug && <DebugField {...props} />}
      {prompts.terraform.map((choice) => (
        <ChoiceField key={choice} choice={choice} form={form} />
      ))}
      {prompts.modes && (
        <>
          <Checkbox
            label={t("launch.dryRun")}
            description={t("launch.dryRunHelp")}
            {...form.getInputProps("dryRun", { type: "checkbox" })}
          />
          <Checkbox
            label={t("launch.diff")}
            description={t("launch.diffHelp")}
            {...form.getInputProps("diff", { type: "checkbox" })}
          />
        </>
      )}
      {prompts.galaxy && (
        <Checkbox
          label={t("launch.skipGalaxy")}
          description={t("launch.skipGalaxyHelp")}
          {...form.getInputProps("skipGalaxy", { type: "checkbox" })}
        />
      )}
      {prompts.variables && (
        <CodeArea
          label={t("launch.variables")}
          description={t("launch.variablesHelp")}
          placeholder={'{\n  "name": "value"\n}'}
          minRows={4}
          {...form.getInputProps("variables")}
        />
      )}
    </Section>
  );
}

function ChoiceField({ choice, form }: { choice: TerraformChoice; form: LaunchFormApi }) {
  const { t } = useTranslation("runs");
  return (
    <Checkbox
      label={t(`launch.terraform.${choice}`)}
      description={t(`launch.terraformHelp.${choice}`)}
      color={choice === "destroy" ? "red" : undefined}
      disabled={pointless(form.values, choice)}
      {...form.getInputProps(`terraform.${choice}`, { type: "checkbox" })}
    />
  );
}

function BranchField({ projectId, template, form }: Props) {
  const { t } = useTranslation("runs");
  // Local repositories have no list of branches; typing one works all the same.
  const branches = useQuery(branchesQuery(projectId, template.repository_id));
  return <Autocomplete label={t("launch.branch")} data={branches.data ?? []} {...form.getInputProps("branch")} />;
}

function InventoryField({ projectId, template, form }: Props) {
  const { t } = useTranslation("runs");
  const inventories = useQuery(inventoriesQuery(projectId));
  const options = (inventories.data ?? [])
    .filter(({ type }) => takesInventory(templateFamily(template), template.app ?? "", type ?? ""))
    .map(({ id, name }) => ({ value: String(id), label: name }));
  const { inventoryId } = form.values;
  return (
    <Select
      label={t("launch.inventory")}
      required
      searchable
      data={options}
      error={form.errors.inventoryId}
      value={inventoryId === null ? null : String(inventoryId)}
      onChange={(value) => form.setFieldValue("inventoryId", value === null ? null : Number(value))}
      data-path="inventoryId"
    />
  );
}

/** The workspaces of the template, and where it allows that, those of no template. */
function WorkspaceField({ projectId, template, form }: Props) {
  const { t } = useTranslation("runs");
  const others = template.task_params?.allow_override_inventory === true;
  const own = useQuery(workspacesQuery(projectId, template.id));
  const free = useQuery({ ...inventoriesQuery(projectId), enabled: others });
  const options = [...(own.data ?? []), ...(others ? (free.data ?? []) : [])]
    .filter(({ type }) => takesInventory("terraform", template.app ?? "", type ?? ""))
    .map(({ id, name }) => ({ value: String(id), label: name }));
  const { inventoryId } = form.values;
  // With one there is nothing to choose.
  if (options.every(({ value }) => value === String(template.inventory_id))) return null;
  return (
    <Select
      label={t("launch.workspace")}
      searchable
      allowDeselect={false}
      data={options}
      error={form.errors.inventoryId}
      value={inventoryId === null ? null : String(inventoryId)}
      onChange={(value) => form.setFieldValue("inventoryId", value === null ? null : Number(value))}
      data-path="inventoryId"
    />
  );
}

function BuildField({ projectId, template, form }: Props) {
  const { t } = useTranslation("runs");
  const builds = useQuery({
    ...templateTasksQuery(projectId, template.build_template_id ?? 0, 50),
    enabled: (template.build_template_id ?? 0) > 0,
  });
  const options = (builds.data ?? [])
    .filter((task) => task.status === "success")
    .map((task) => ({
      value: String(task.id),
      label: [task.version || `#${String(task.id)}`, task.message || task.commit_message, formatRelative(task.created)]
        .filter(Boolean)
        .join(" · "),
    }));
  const { buildTaskId } = form.values;
  return (
    <Select
      label={t("launch.build")}
      description={options.length === 0 && builds.isSuccess ? t("launch.noBuilds") : undefined}
      required
      searchable
      data={options}
      error={form.errors.buildTaskId}
      value={buildTaskId === null ? null : String(buildTaskId)}
      onChange={(value) => form.setFieldValue("buildTaskId", value === null ? null : Number(value))}
      data-path="buildTaskId"
    />
  );
}

const LEVELS = [0, 1, 2, 3, 4, 5, 6];

function DebugField({ form }: Props) {
  const { t } = useTranslation("runs");
  const data = LEVELS.map((level) => ({
    value: String(level),
    label: level === 0 ? t("launch.debugOff") : "-" + "v".repeat(level),
  }));
  return (
    <Select
      label={t("launch.debug")}
      data={data}
      allowDeselect={false}
      value={String(form.values.debugLevel)}
      error={form.errors.debugLevel}
      onChange={(value) => form.setFieldValue("debugLevel", Number(value ?? 0))}
      data-path="debugLevel"
    />
  );
}
