import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useParams } from "@tanstack/react-router";
import { IconCalendarClock } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { scheduleKeys } from "@/api/queries";
import type { ScheduleRow } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { useOpen } from "@/ui/useOpen";
import classes from "../automation.module.css";
import { NotYet } from "../NotYet";
import { deleteSchedule, scheduleQuery, schedulesQuery } from "./api";
import { cronWords } from "./cron";
import { ActiveSwitch, Next, When } from "./parts";
import { ScheduleForm } from "./ScheduleForm";
import { kindOf, shownName } from "./values";

const named = (rows: ScheduleRow[]): ScheduleRow[] => rows.map((row) => ({ ...row, name: shownName(row) }));

export default function SchedulesPage() {
  const { t } = useTranslation("automation");
  const { pid } = useParams({ from: "/app/project/$pid/schedule" });
  const schedules = useQuery({ ...schedulesQuery(pid), select: named });
  const { open } = useOpen();
  const elsewhere = useQuery({
    ...scheduleQuery(pid, typeof open === "number" ? open : 0),
    enabled: typeof open === "number" && schedules.data?.some((s) => s.id === open) === false,
    retry: false,
  });
  const { can } = usePermissions(pid);
  const manage = can("manageResources");
  const columns = useMemo<Column<ScheduleRow>[]>(
    () => [
      {
        id: "template",
        header: t("fields.template"),
        optional: true,
        sort: (s) => s.tpl_name,
        render: (s) => (
          <Link to="/project/$pid/templates/$id" params={{ pid, id: s.template_id }} className={classes.over}>
            {s.tpl_name}
          </Link>
        ),
      },
      { id: "type", header: t("fields.type"), optional: true, sort: kindOf, render: (s) => t(`kinds.${kindOf(s)}`) },
      { id: "when", header: t("fields.when"), render: (s) => <When project={pid} schedule={s} /> },
      { id: "next", header: t("next.title"), sort: (s) => s.next_run, render: (s) => <Next schedule={s} /> },
      {
        id: "active",
        header: t("fields.active"),
        sort: (s) => (s.active ? 0 : 1),
        render: (s) => <ActiveSwitch project={pid} schedule={s} manage={manage} />,
      },
    ],
    [t, pid, manage],
  );
  // A link to one that looks for new commits, which only the page of its template lists.
  if (elsewhere.data?.repository_id != null && elsewhere.data.id === open) {
    return <Navigate to="/project/$pid/templates/$id" params={{ pid, id: elsewhere.data.template_id }} search={{ open }} replace />;
  }
  return (
    <ResourcePage<ScheduleRow>
      project={pid}
      icon={IconCalendarClock}
      texts={{
        name: t("fields.name"),
        title: t("schedules.title"),
        description: t("schedules.description"),
        create: t("schedules.create"),
        empty: t("schedules.empty"),
        emptyText: t("schedules.emptyText"),
      }}
      notice={<NotYet capability="scheduler" />}
      query={schedules}
      columns={columns}
      text={(s) => `${s.name} ${s.tpl_name} ${s.cron_format} ${cronWords(s.cron_format, t) ?? ""}`}
      meta={(s) => <Next schedule={s} labelled />}
      aside={(s) => <ActiveSwitch project={pid} schedule={s} manage={manage} />}
      remove={(s) => deleteSchedule(pid, s.id)}
      refresh={scheduleKeys.all(pid)}
      form={(props) => <ScheduleForm {...props} />}
    />
  );
}
