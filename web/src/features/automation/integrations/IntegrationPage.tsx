import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { IconEdit, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { usePermissions } from "@/api/permissions";
import { integrationKeys, keysQuery, projectQuery, templatesQuery } from "@/api/queries";
import type { Integration, IntegrationValue, Matcher } from "@/api/types";
import { Card } from "@/ui/Card";
import { type Fact, Facts } from "@/ui/Facts";
import { FormDrawer } from "@/ui/form";
import { NotFound } from "@/ui/NotFound";
import { PageHeader } from "@/ui/PageHeader";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { ErrorState } from "@/ui/States";
import { useDelete } from "@/ui/useDelete";
import { useNames } from "@/ui/useNames";
import classes from "../automation.module.css";
import { NotYet } from "../NotYet";
import { Addresses } from "./Addresses";
import { deleteIntegration, deleteMatcher, deleteValue, integrationQuery, matchersQuery, valuesQuery } from "./api";
import { IntegrationForm } from "./IntegrationForm";
import { MatcherForm } from "./MatcherForm";
import { Parts } from "./Parts";
import { usePart } from "./usePart";
import { ValueForm } from "./ValueForm";
import { keyed, methodName } from "./values";

/** One integration with all that belongs to it. */
export default function IntegrationPage() {
  const { pid, id } = useParams({ from: "/app/project/$pid/integrations/$id" });
  const integration = useQuery(integrationQuery(pid, id));
  if (isApiError(integration.error, 404)) return <NotFound />;
  if (integration.error) return <ErrorState error={integration.error} onRetry={() => void integration.refetch()} />;
  if (!integration.data) return <PageSkeleton />;
  return <View project={pid} integration={integration.data} />;
}

type Props = { project: number; integration: Integration };

function View({ project, integration }: Props) {
  const { t } = useTranslation("automation");
  const context = useQuery(projectQuery(project));
  const { can } = usePermissions(project);
  const manage = can("manageResources");
  return (
    <>
      <PageHeader
        title={integration.name}
        context={context.data?.name}
        trail={
          <nav aria-label={t("integrations.trail")}>
            <Link to="/project/$pid/integrations" params={{ pid: project }}>
              {t("integrations.title")}
            </Link>
          </nav>
        }
        actions={manage && <Actions project={project} integration={integration} />}
      />
      <NotYet capability="webhooks" />
      <div className={classes.columns}>
        <div className={classes.stack}>
          <Addresses project={project} integration={integration.id} searchable={integration.searchable} />
          <Matchers project={project} integration={integration} manage={manage} />
          <Values project={project} integration={integration} manage={manage} />
        </div>
        <Card padded title={t("integrations.settings")}>
          <Settings project={project} integration={integration} />
        </Card>
      </div>
      <SettingsDrawer project={project} integration={integration} manage={manage} />
    </>
  );
}

function Actions({ project, integration }: Props) {
  const { t } = useTranslation("automation");
  const navigate = useNavigate();
  const client = useQueryClient();
  const settings = usePart("settings");
  const deleting = useDelete<Integration>({
    project,
    warning: t("integrations.deleteWarning"),
    remove: (i) => deleteIntegration(project, i.id),
    onDone: async () => {
      await navigate({ to: "/project/$pid/integrations", params: { pid: project } });
      await client.invalidateQueries({ queryKey: integrationKeys.all(project) });
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<IconEdit size={16} />} onClick={() => settings.show(integration.id)}>
        {t("actions.edit")}
      </Button>
      <Button variant="default" color="red" leftSection={<IconTrash size={16} />} onClick={() => deleting.ask(integration)}>
        {t("actions.delete")}
      </Button>
      {deleting.dialog}
    </>
  );
}

function SettingsDrawer({ project, integration, manage }: Props & { manage: boolean }) {
  const drawer = usePart("settings");
  const opened = drawer.open === integration.id;
  return (
    <FormDrawer opened={opened} onClose={drawer.close} title={integration.name}>
      {opened && (
        <IntegrationForm
          project={project}
          item={integration}
          readOnly={!manage}
          onClose={drawer.close}
          onSaved={drawer.closed}
        />
      )}
    </FormDrawer>
  );
}

function Settings({ project, integration }: Props) {
  const { t } = useTranslation("automation");
  const settings = usePart("settings");
  const key = useNames(keysQuery(project));
  const template = useNames(templatesQuery(project));
  const { auth_method: method, auth_secret_id: secret, task_params: params } = integration;
  const facts: Fact[] = [
    [
      t("fields.template"),
      <Link key="template" to="/project/$pid/templates/$id" params={{ pid: project, id: integration.template_id }}>
        {template(integration.template_id)}
      </Link>,
    ],
    [t("integrations.auth"), t([`integrations.methods.${methodName(method)}`, "fields.raw"], { value: method })],
    [t("integrations.header"), integration.auth_header && <span className="mono">{integration.auth_header}</span>],
    [
      t("integrations.secret"),
      secret != null && (
        <Link key="secret" to="/project/$pid/keys" params={{ pid: project }} search={{ open: secret }}>
          {key(secret)}
        </Link>
      ),
    ],
    [t("integrations.reached"), t(integration.searchable ? "integrations.byProject" : "integrations.byItself")],
    [
      t("integrations.params"),
      params && (
        <button type="button" className={classes.entryName} onClick={() => settings.show(integration.id)}>
          {t("integrations.paramsSet")}
        </button>
      ),
    ],
  ];
  return <Facts facts={facts} className={classes.facts} />;
}

type PartsProps = Props & { manage: boolean };

/** Where something is looked for, in a few words. */
function usePlace() {
  const { t } = useTranslation("automation");
  return (place: string, bodyType: string) => (place === "header" ? t("line.header") : t(bodyType === "json" ? "line.json" : "line.text"));
}

function Matchers({ project, integration, manage }: PartsProps) {
  const { t } = useTranslation("automation");
  const place = usePlace();
  const matchers = useQuery(matchersQuery(project, integration.id));
  return (
    <Parts<Matcher>
      project={project}
      part="matchers"
      manage={manage}
      texts={{
        title: t("matchers.title"),
        help: t(integration.searchable ? "matchers.help" : "matchers.unused"),
        create: t("matchers.create"),
        none: t(integration.searchable ? "matchers.never" : "matchers.none"),
      }}
      query={matchers}
      line={(m) => (
        <>
          {place(m.match_type, m.body_data_type)}{" "}
          {keyed(m.match_type, m.body_data_type) && <span className="mono">{m.key}</span>} {t(`matchers.methods.${m.method}`)}{" "}
          <span className="mono">{m.value}</span>
        </>
      )}
      remove={(m) => deleteMatcher(project, integration.id, m.id)}
      refresh={integrationKeys.parts(project, integration.id, "matchers")}
      form={(props) => <MatcherForm integration={integration.id} {...props} />}
    />
  );
}

function Values({ project, integration, manage }: PartsProps) {
  const { t } = useTranslation("automation");
  const place = usePlace();
  const values = useQuery(valuesQuery(project, integration.id));
  return (
    <Parts<IntegrationValue>
      project={project}
      part="values"
      manage={manage}
      texts={{
        title: t("values.title"),
        help: t("values.help"),
        create: t("values.create"),
        none: t("values.none"),
      }}
      query={values}
      line={(v) => (
        <>
          {place(v.value_source, v.body_data_type)}{" "}
          {keyed(v.value_source, v.body_data_type) && <span className="mono">{v.key}</span>} →{" "}
          <span className="mono">{v.variable}</span> ({t(`values.types.${v.variable_type || "environment"}`)})
        </>
      )}
      remove={(v) => deleteValue(project, integration.id, v.id)}
      refresh={integrationKeys.parts(project, integration.id, "values")}
      form={(props) => <ValueForm integration={integration.id} {...props} />}
    />
  );
}
