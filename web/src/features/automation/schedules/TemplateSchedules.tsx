import { Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconEdit, IconEye, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { scheduleKeys } from "@/api/queries";
import type { ScheduleRow, Template } from "@/api/types";
import { Card } from "@/ui/Card";
import { FormDrawer } from "@/ui/form";
import { RowMenu } from "@/ui/RowMenu";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { useDelete } from "@/ui/useDelete";
import { useOpen } from "@/ui/useOpen";
import classes from "../automation.module.css";
import { NotYet } from "../NotYet";
import { deleteSchedule, templateSchedulesQuery } from "./api";
import { ActiveSwitch, Next, When } from "./parts";
import { ScheduleForm } from "./ScheduleForm";
import { shownName } from "./values";

type Props = { project: number; template: Template };

/** All schedules of a template, those that look for new commits too. */
export function TemplateSchedules({ project, template }: Props) {
  const { t } = useTranslation("automation");
  const client = useQueryClient();
  const { can } = usePermissions(project);
  const manage = can("manageResources");
  const schedules = useQuery(templateSchedulesQuery(project, template.id));
  const drawer = useOpen();
  const item = typeof drawer.open === "number" ? schedules.data?.find((s) => s.id === drawer.open) : undefined;
  const opened = (drawer.open === "new" && manage) || item !== undefined;
  const deleting = useDelete<ScheduleRow>({
    project,
    remove: (s) => deleteSchedule(project, s.id),
    onDone: () => client.invalidateQueries({ queryKey: scheduleKeys.all(project) }),
  });
  const add = manage && (
    <Button variant="default" size="xs" leftSection={<IconPlus size={16} />} onClick={() => drawer.show("new")}>
      {t("schedules.create")}
    </Button>
  );
  return (
    <Card title={t("schedules.title")} action={add}>
      {schedules.error ? (
        <ErrorState error={schedules.error} onRetry={() => void schedules.refetch()} />
      ) : !schedules.data ? (
        <RowsSkeleton rows={1} />
      ) : schedules.data.length === 0 ? (
        <p className={classes.note}>{t("schedules.noneHere")}</p>
      ) : (
        <>
          <NotYet capability="scheduler" inCard />
          <ul className={classes.list} aria-label={t("schedules.title")}>
            {schedules.data.map((schedule) => (
              <li key={schedule.id}>
                <div className={classes.entry}>
                  <button type="button" className={classes.entryName} onClick={() => drawer.show(schedule.id)}>
                    {shownName(schedule)}
                  </button>
                  <span className={classes.entryMeta}>
                    <When project={project} schedule={schedule} />
                  </span>
                  <span className={classes.entryMeta}>
                    <Next schedule={schedule} labelled />
                  </span>
                </div>
                <div className={classes.end}>
                  <ActiveSwitch project={project} schedule={schedule} manage={manage} />
                  <RowMenu
                    name={shownName(schedule)}
                    onDelete={manage ? () => deleting.ask({ ...schedule, name: shownName(schedule) }) : undefined}
                  >
                    <Menu.Item
                      leftSection={manage ? <IconEdit size={16} /> : <IconEye size={16} />}
                      onClick={() => drawer.show(schedule.id)}
                    >
                      {manage ? t("actions.edit") : t("actions.view")}
                    </Menu.Item>
                  </RowMenu>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
      <FormDrawer
        opened={opened}
        onClose={drawer.close}
        title={item ? shownName(item) : t("schedules.create")}
      >
        {opened && (
          <ScheduleForm
            key={item?.id ?? "new"}
            project={project}
            template={template}
            item={item}
            readOnly={!manage}
            onClose={drawer.close}
            onSaved={drawer.closed}
          />
        )}
      </FormDrawer>
      {deleting.dialog}
    </Card>
  );
}
