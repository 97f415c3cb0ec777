import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { familyOf } from "@/api/apps";
import { isApiError } from "@/api/errors";
import {
  environmentsQuery,
  inventoriesQuery,
  repositoriesQuery,
  templateQuery,
  templateTasksQuery,
} from "@/api/queries";
import type { Template } from "@/api/types";
import { TemplateSchedules } from "@/features/automation/schedules/TemplateSchedules";
import { Card } from "@/ui/Card";
import { type Fact, Facts } from "@/ui/Facts";
import { NotFound } from "@/ui/NotFound";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { RunList } from "@/ui/RunList";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { AppName } from "@/ui/AppName";
import classes from "./templates.module.css";
import { TemplateHeader } from "./TemplateHeader";
import { parseArguments, surveyTypes } from "./values";
import { Workspaces } from "./Workspaces";

export default function TemplatePage() {
  const { pid, id } = useParams({ from: "/app/project/$pid/templates/$id" });
  const template = useQuery(templateQuery(pid, id));
  if (isApiError(template.error, 404)) return <NotFound />;
  if (template.error) {
    return <ErrorState error={template.error} onRetry={() => void template.refetch()} />;
  }
  if (!template.data) return <PageSkeleton />;
  return <View pid={pid} template={template.data} />;
}

function View({ pid, template }: { pid: number; template: Template }) {
  const { t } = useTranslation("templates");
  return (
    <>
      <TemplateHeader pid={pid} template={template} />
      <div className={classes.columns}>
        <Runs pid={pid} id={template.id} />
        <div className={classes.stack}>
          <Card padded title={t("facts.title")}>
            <TemplateFacts pid={pid} template={template} />
          </Card>
          {familyOf(undefined, template.app) === "terraform" && <Workspaces project={pid} template={template} />}
          <TemplateSchedules project={pid} template={template} />
          {(template.survey_vars ?? []).length > 0 && (
            <Card padded title={t("survey.heading")}>
              <Survey template={template} />
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Runs({ pid, id }: { pid: number; id: number }) {
  const { t } = useTranslation("templates");
  const runs = useQuery(templateTasksQuery(pid, id));
  return (
    <Card
      title={t("runs.title")}
      action={
        <Link to="/project/$pid/runs" params={{ pid }} search={{ template: id }}>
          {t("runs.all")}
        </Link>
      }
    >
      {runs.error ? (
        <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
      ) : !runs.data ? (
        <RowsSkeleton />
      ) : runs.data.length === 0 ? (
        <Empty title={t("runs.none")} text={t("runs.noneText")} />
      ) : (
        <RunList project={pid} tasks={runs.data} />
      )}
    </Card>
  );
}

function TemplateFacts({ pid, template }: { pid: number; template: Template }) {
  const { t } = useTranslation("templates");
  const repositories = useQuery(repositoriesQuery(pid));
  const inventories = useQuery(inventoriesQuery(pid));
  const environments = useQuery(environmentsQuery(pid));
  const repository = repositories.data?.find((r) => r.id === template.repository_id);
  const inventory = inventories.data?.find((i) => i.id === template.inventory_id);
  const environment = environments.data?.find((e) => e.id === template.environment_id);
  const args = parseArguments(template.arguments);
  const facts: Fact[] = [
    [t("fields.app"), <AppName key="app" app={template.app} />],
    [
      t("fields.path"),
      template.playbook && (
        <span key="path" className="mono">
          {template.playbook}
        </span>
      ),
    ],
    [
      t("fields.repository"),
      repository && (
        <Link
          key="repository"
          to="/project/$pid/repositories"
          params={{ pid }}
          search={{ open: repository.id }}
        >
          {repository.name}
        </Link>
      ),
    ],
    [
      t("fields.branch"),
      (template.git_branch || repository?.git_branch) && (
        <span key="branch" className="mono">
          {template.git_branch || repository?.git_branch}
        </span>
      ),
    ],
    [
      t("fields.inventory"),
      inventory && (
        <Link
          key="inventory"
          to="/project/$pid/inventory"
          params={{ pid }}
          search={{ open: inventory.id }}
        >
          {inventory.name}
        </Link>
      ),
    ],
    [
      t("fields.environment"),
      environment && (
        <Link
          key="environment"
          to="/project/$pid/environment"
          params={{ pid }}
          search={{ open: environment.id }}
        >
          {environment.name}
        </Link>
      ),
    ],
    [
      t("fields.args"),
      (args === undefined || args.length > 0) && (
        <span key="args" className="mono">
          {args ? args.join(" ") : template.arguments}
        </span>
      ),
    ],
  ];
  return <Facts facts={facts} className={classes.facts} />;
}

function Survey({ template }: { template: Template }) {
  const { t } = useTranslation("templates");
  const typeName = (type: string | undefined) => {
    const known = surveyTypes.find((x) => x === (type || "string"));
    return known ? t(`survey.types.${known}`) : type;
  };
  return (
    <ul className={classes.survey}>
      {(template.survey_vars ?? []).map((question) => (
        <li key={question.name}>
          <div>
            {question.title} <span className="mono dim">{question.name}</span>
          </div>
          <div className="dim">
            {[
              typeName(question.type),
              question.required ? t("survey.required") : undefined,
              question.default_value
                ? t("survey.defaultIs", { value: question.default_value })
                : undefined,
            ]
              .filter(Boolean)
              .join(" · ")}
          </div>
        </li>
      ))}
    </ul>
  );
}
