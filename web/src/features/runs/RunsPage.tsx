import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { projectQuery } from "@/api/queries";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { Empty } from "@/ui/States";
import { parseRunsSearch, writeRunsSearch, type RunsSearch } from "./filters";
import { RunsFilters } from "./RunsFilters";
import { RunsList } from "./RunsList";

export default function RunsPage() {
  const { t } = useTranslation("runs");
  const { pid = 0 } = useParams({ strict: false });
  const project = useQuery(projectQuery(pid));
  const search = parseRunsSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const setSearch = (next: RunsSearch) =>
    void navigate({ to: ".", search: writeRunsSearch(next), replace: true, resetScroll: false });
  const empty = (
    <Empty
      icon={<IconHistory size={28} />}
      title={t("runs.empty")}
      text={t("runs.emptyText")}
      action={
        <ButtonLink to="/project/$pid/templates" params={{ pid }}>
          {t("runs.toTemplates")}
        </ButtonLink>
      }
    />
  );
  return (
    <>
      <PageHeader title={t("runs.title")} context={project.data?.name} />
      <RunsFilters projectId={pid} search={search} onChange={setSearch} />
      <RunsList
        projectId={pid}
        search={search}
        empty={empty}
        onClear={() => setSearch({ chips: [], template: null, q: "", mine: false })}
      />
    </>
  );
}
