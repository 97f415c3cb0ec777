import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { appsQuery, environmentsQuery, inventoriesQuery, repositoriesQuery, workspacesQuery } from "@/api/queries";
import type { Template } from "@/api/types";
import classes from "./launch.module.css";
import { chosen, defaultsOf, promptsOf, same, stringList, templateFamily, type LaunchValues } from "./payload";

interface Props {
  readonly projectId: number;
  readonly template: Template;
  readonly values: LaunchValues;
}

interface Fact {
  readonly name: string;
  readonly value: string | null | undefined;
  readonly changed?: boolean;
}

/** What will run with the values of the form; what differs from the template stands out. */
export function RunSummary({ projectId, template, values }: Props) {
  const { t } = useTranslation("runs");
  const facts = useFacts({ projectId, template, values }).filter((fact) => fact.value);
  return (
    <aside className={classes.summary} aria-label={t("summary.title")}>
      <h2 className={classes.summaryTitle}>{t("summary.title")}</h2>
      <dl className={classes.facts}>
        {facts.map(({ name, value, changed }) => (
          <div key={name} className={classes.fact} data-changed={changed || undefined}>
            <dt>{t(`summary.${name}`)}</dt>
            <dd>
              {value}
              {changed && <span className={classes.changed}>{t("summary.changed")}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function useFacts({ projectId, template, values }: Props): Fact[] {
  const { t } = useTranslation("runs");
  const apps = useQuery(appsQuery());
  const repositories = useQuery(repositoriesQuery(projectId));
  const inventories = useQuery(inventoriesQuery(projectId));
  const terraform = templateFamily(template) === "terraform";
  const workspaces = useQuery({ ...workspacesQuery(projectId, template.id), enabled: terraform });
  const groups = useQuery(environmentsQuery(projectId));
  const defaults = defaultsOf(template);
  const repository = repositories.data?.find((r) => r.id === template.repository_id);
  const inventory = [...(workspaces.data ?? []), ...(inventories.data ?? [])].find((i) => i.id === values.inventoryId);
  const list = (name: "limit" | "tags" | "skipTags", between: string): Fact => ({
    name,
    value: values[name].join(between) || (defaults[name].length > 0 ? t("summary.none") : ""),
    changed: !same(values[name], defaults[name]),
  });
  return [
    { name: "app", value: apps.data?.find((a) => a.id === template.app)?.title ?? template.app },
    { name: "playbook", value: template.playbook },
    { name: "repository", value: repository?.name },
    { name: "branch", value: values.branch || repository?.git_branch, changed: values.branch !== defaults.branch },
    { name: terraform ? "workspace" : "inventory", value: inventory?.name, changed: values.inventoryId !== defaults.inventoryId },
    { name: "group", value: groups.data?.find((g) => g.id === template.environment_id)?.name },
    list("limit", ", "),
    list("tags", ", "),
    list("skipTags", ", "),
    {
      name: "args",
      value: [...stringList(template.arguments), ...values.args].join(" "),
      changed: values.args.length > 0,
    },
    { name: "debug", value: values.debugLevel > 0 ? "-" + "v".repeat(values.debugLevel) : "", changed: true },
    { name: "dryRun", value: values.dryRun ? t("summary.dryRunOn") : "", changed: true },
    ...promptsOf(template).terraform.map((choice) => ({
      name: choice,
      value: chosen(values, choice) ? t("parameters.on") : "",
      changed: true,
    })),
    { name: "galaxy", value: values.skipGalaxy ? t("summary.galaxySkipped") : defaults.skipGalaxy ? t("summary.galaxyInstalled") : "", changed: values.skipGalaxy !== defaults.skipGalaxy },
    { name: "diff", value: values.diff ? t("summary.diffOn") : "", changed: true },
  ];
}
