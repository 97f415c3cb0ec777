import { MultiSelect, Select, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { infoQuery } from "@/api/queries";
import { weekdayName } from "@/lib/format";
import { CodeInput } from "@/ui/CodeInput";
import classes from "../automation.module.css";
import {
  changeKind, formatSimple, hourSteps, joinZone, minuteSteps, parseSimple, type Simple, type SimpleKind, simpleKinds, splitZone,
} from "./cron";
import type { ScheduleValues } from "./values";

type Props = {
  form: UseFormReturnType<ScheduleValues, ScheduleValues>;
  readOnly: boolean;
  /** What the server says against what was typed. */
  problem?: string;
};

/** The expression, which is what counts, and choices that write it for those that are plain. */
export function CronFields({ form, readOnly, problem }: Props) {
  const { t } = useTranslation("automation");
  const { zone, rest } = splitZone(form.values.cron);
  const simple = parseSimple(rest);
  const write = (text: string) => {
    form.setFieldValue("cron", text);
    form.clearFieldError("cron");
  };
  const set = (next: Simple) => write(joinZone(zone, formatSimple(next)));
  return (
    <>
      <Select
        label={t("cron.every")}
        description={simple || problem ? undefined : t("cron.ownHelp")}
        allowDeselect={false}
        disabled={readOnly}
        data={[...simpleKinds, "own" as const].map((value) => ({
          value,
          label: t(`cron.kinds.${value}`),
          disabled: value === "own" && simple !== undefined,
        }))}
        value={simple?.kind ?? "own"}
        onChange={(kind) => kind && kind !== "own" && set(changeKind(kind as SimpleKind, simple))}
      />
      {simple && <SimpleFields simple={simple} readOnly={readOnly} onChange={set} />}
      <CodeInput
        label={t("cron.expression")}
        description={t("cron.expressionHelp")}
        required
        maxLength={255}
        {...form.getInputProps("cron")}
        error={form.errors.cron ?? problem}
      />
      <ZoneField zone={zone} readOnly={readOnly} onChange={(next) => write(joinZone(next, rest))} />
    </>
  );
}

type SimpleProps = { simple: Simple; readOnly: boolean; onChange: (next: Simple) => void };

function SimpleFields({ simple, readOnly, onChange }: SimpleProps) {
  const { t } = useTranslation("automation");
  if (simple.kind === "minutes") {
    return <StepField {...{ simple, readOnly, onChange }} label={t("cron.minutes")} steps={minuteSteps} />;
  }
  if (simple.kind === "hours") {
    return (
      <div className={classes.two}>
        <StepField {...{ simple, readOnly, onChange }} label={t("cron.hours")} steps={hourSteps} />
        <Select
          label={t("cron.minute")}
          allowDeselect={false}
          searchable
          disabled={readOnly}
          data={Array.from({ length: 60 }, (_, n) => ({ value: String(n), label: `:${String(n).padStart(2, "0")}` }))}
          value={String(simple.minute)}
          onChange={(n) => onChange({ ...simple, minute: Number(n ?? 0) })}
        />
      </div>
    );
  }
  return (
    <div className={classes.two}>
      {simple.kind !== "daily" && <DaysField {...{ simple, readOnly, onChange }} />}
      <TextInput
        type="time"
        label={t("cron.time")}
        disabled={readOnly}
        value={`${String(simple.hour).padStart(2, "0")}:${String(simple.minute).padStart(2, "0")}`}
        onChange={(event) => {
          const [hour, minute] = event.currentTarget.value.split(":").map(Number);
          if (Number.isInteger(hour) && Number.isInteger(minute)) onChange({ ...simple, hour, minute });
        }}
      />
    </div>
  );
}

type StepProps = Omit<SimpleProps, "simple"> & { simple: Extract<Simple, { every: number }>; label: string; steps: number[] };

function StepField({ simple, readOnly, onChange, label, steps }: StepProps) {
  return (
    <Select
      label={label}
      allowDeselect={false}
      disabled={readOnly}
      data={steps.map(String)}
      value={String(simple.every)}
      onChange={(n) => onChange({ ...simple, every: Number(n ?? 1) })}
    />
  );
}

type DaysProps = Omit<SimpleProps, "simple"> & { simple: Extract<Simple, { days: number[] }> };

function DaysField({ simple, readOnly, onChange }: DaysProps) {
  const { t } = useTranslation("automation");
  const weekly = simple.kind === "weekly";
  // Weeks begin on Monday here, whatever number cron gives it.
  const days = weekly ? [1, 2, 3, 4, 5, 6, 0] : Array.from({ length: 31 }, (_, n) => n + 1);
  return (
    <MultiSelect
      label={t(weekly ? "cron.weekdays" : "cron.days")}
      disabled={readOnly}
      data={days.map((day) => ({ value: String(day), label: weekly ? weekdayName(day) : String(day) }))}
      value={simple.days.map(String)}
      onChange={(chosen) => {
        // A field of cron cannot be empty: the last day stays.
        if (chosen.length > 0) onChange({ ...simple, days: chosen.map(Number).sort((a, b) => a - b) });
      }}
    />
  );
}

type ZoneProps = { zone: string; readOnly: boolean; onChange: (zone: string) => void };

function ZoneField({ zone, readOnly, onChange }: ZoneProps) {
  const { t } = useTranslation("automation");
  const info = useQuery(infoQuery());
  const zones = useMemo(() => {
    const known = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
    return zone === "" || known.includes(zone) ? known : [zone, ...known];
  }, [zone]);
  return (
    <Select
      label={t("cron.zone")}
      placeholder={info.data && t("cron.serverZone", { zone: info.data.schedule_timezone })}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("cron.clearZone") }}
      disabled={readOnly}
      nothingFoundMessage={t("picker.nothing")}
      data={zones}
      value={zone === "" ? null : zone}
      onChange={(name) => onChange(name ?? "")}
    />
  );
}
