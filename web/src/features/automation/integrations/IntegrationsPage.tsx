import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { IconWebhook } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { integrationKeys, templatesQuery } from "@/api/queries";
import type { Integration } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { useNames } from "@/ui/useNames";
import classes from "../automation.module.css";
import { NotYet } from "../NotYet";
import { Addresses } from "./Addresses";
import { deleteIntegration, integrationsQuery } from "./api";
import { IntegrationForm } from "./IntegrationForm";
import { methodName } from "./values";

/** What calls to web addresses start. */
export default function IntegrationsPage() {
  const { t } = useTranslation("automation");
  const { pid } = useParams({ from: "/app/project/$pid/integrations" });
  const navigate = useNavigate();
  const integrations = useQuery(integrationsQuery(pid));
  const template = useNames(templatesQuery(pid));
  const columns = useMemo<Column<Integration>[]>(() => {
    const method = (i: Integration) => t([`integrations.methods.${methodName(i.auth_method)}`, "fields.raw"], { value: i.auth_method });
    const reached = (i: Integration) => t(i.searchable ? "integrations.byProject" : "integrations.byItself");
    return [
      {
        id: "template",
        header: t("fields.template"),
        sort: (i) => template(i.template_id),
        render: (i) => (
          <Link to="/project/$pid/templates/$id" params={{ pid, id: i.template_id }} className={classes.over}>
            {template(i.template_id)}
          </Link>
        ),
      },
      { id: "auth", header: t("integrations.auth"), sort: method, render: method },
      { id: "reached", header: t("integrations.reached"), optional: true, sort: reached, render: reached },
    ];
  }, [t, pid, template]);
  const link = useCallback(
    (i: Integration) => (
      <Link to="/project/$pid/integrations/$id" params={{ pid, id: i.id }} data-row-link>
        {i.name}
      </Link>
    ),
    [pid],
  );
  return (
    <ResourcePage<Integration>
      project={pid}
      icon={IconWebhook}
      texts={{
        name: t("fields.name"),
        title: t("integrations.title"),
        description: t("integrations.description"),
        create: t("integrations.create"),
        empty: t("integrations.empty"),
        emptyText: t("integrations.emptyText"),
      }}
      notice={<NotYet capability="webhooks" />}
      query={integrations}
      columns={columns}
      link={link}
      text={(i) => `${i.name} ${template(i.template_id) ?? ""}`}
      meta={(i) => template(i.template_id)}
      remove={(i) => deleteIntegration(pid, i.id)}
      warning={t("integrations.deleteWarning")}
      refresh={integrationKeys.all(pid)}
      form={(props) => (
        <IntegrationForm
          {...props}
          onCreated={(id) => navigate({ to: "/project/$pid/integrations/$id", params: { pid, id } })}
        />
      )}
      footer={
        <div className={classes.footer}>
          <Addresses project={pid} />
        </div>
      }
    />
  );
}
