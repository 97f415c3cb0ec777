import { Button, Pill, Select, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { IconAdjustmentsHorizontal, IconFilterOff } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { membersQuery, projectsQuery, usersQuery } from "@/api/queries";
import { TextFilter } from "@/ui/TextFilter";
import classes from "./audit.module.css";
import { actions, type AuditSearch, countFilters, isDay, isFiltered, NO_FILTER, objectTypes, outcomes } from "./filters";

interface Props {
  /** Left out: the whole server. */
  readonly project?: number;
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

/** What narrows the activity down. */
export function Filters({ project, search, onChange }: Props) {
  const { t } = useTranslation("audit");
  const phone = useMediaQuery("(max-width: 767px)", undefined, { getInitialValueInEffect: false });
  const [open, setOpen] = useState(false);
  const set = (part: Partial<AuditSearch>) => onChange({ ...search, ...part });
  const others = countFilters({ ...search, q: "" });
  const more = (
    <Button
      variant="default"
      leftSection={<IconAdjustmentsHorizontal size={16} />}
      aria-expanded={open}
      onClick={() => setOpen(!open)}
    >
      {others > 0 ? t("filter.moreSet", { count: others }) : t("filter.more")}
    </Button>
  );
  return (
    <div className={classes.filters} role="search" aria-label={t("filter.label")}>
      <TextFilter className={classes.text} label={t("filter.text")} value={search.q} onChange={(q) => set({ q })} />
      {phone && more}
      {(!phone || open) && <Choices project={project} search={search} onChange={onChange} />}
      {search.object !== null && (
        <Pill
          withRemoveButton
          size="lg"
          onRemove={() => set({ object: null })}
          removeButtonProps={{ "aria-label": t("filter.anyObject"), "aria-hidden": false, tabIndex: 0 }}
        >
          {t("filter.object", { id: search.object })}
        </Pill>
      )}
      {isFiltered(search) && (
        <Button variant="subtle" size="compact-sm" leftSection={<IconFilterOff size={14} />} onClick={() => onChange(NO_FILTER)}>
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}

/** All but the text. */
function Choices({ project, search, onChange }: Props) {
  const { t } = useTranslation("audit");
  const set = (part: Partial<AuditSearch>) => onChange({ ...search, ...part });
  const choice = (name: "action" | "outcome" | "type", values: readonly string[], many: string) => (
    <Select
      className={classes.choice}
      aria-label={t(`filter.${name}`)}
      placeholder={t(`filter.${name}`)}
      clearable
      searchable={values.length > 5}
      data={values.map((value) => ({ value, label: t(`${many}.${value}`) }))}
      value={search[name] as string | null}
      onChange={(value) => set({ [name]: value })}
    />
  );
  return (
    <>
      <UserFilter project={project} value={search.user} onChange={(user) => set({ user })} />
      {project === undefined && <ProjectFilter value={search.project} onChange={(id) => set({ project: id })} />}
      {choice("action", actions, "actionNames")}
      {choice("outcome", outcomes, "outcomes")}
      {choice("type", objectTypes, "types")}
      <div className={classes.days}>
        <Day label={t("filter.since")} mark={t("filter.from")} value={search.since} onChange={(since) => set({ since })} />
        <Day label={t("filter.until")} mark={t("filter.to")} value={search.until} onChange={(until) => set({ until })} />
      </div>
    </>
  );
}

/** The first or the last day; a word inside tells the two apart. */
function Day({ label, mark, value, onChange }: { label: string; mark: string; value: string; onChange: (day: string) => void }) {
  // While a year is typed, the field passes through days that are none of ours.
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const change = (day: string) => {
    setText(day);
    if (day === "" || isDay(day)) onChange(day);
  };
  return (
    <TextInput
      type="date"
      className={classes.day}
      aria-label={label}
      title={label}
      leftSection={<span aria-hidden>{mark}</span>}
      leftSectionWidth={44}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

type IdProps = { value: number | null; onChange: (id: number | null) => void };

function UserFilter({ project, value, onChange }: IdProps & { project?: number }) {
  const { t } = useTranslation("audit");
  const members = useQuery({ ...membersQuery(project ?? 0), enabled: project !== undefined });
  const users = useQuery({ ...usersQuery(), enabled: project === undefined });
  return (
    <IdSelect label={t("filter.user")} rows={(project === undefined ? users : members).data ?? []} value={value} onChange={onChange} />
  );
}

function ProjectFilter(props: IdProps) {
  const { t } = useTranslation("audit");
  const projects = useQuery(projectsQuery());
  return <IdSelect label={t("filter.project")} rows={projects.data ?? []} {...props} />;
}

/** One of some objects by its id; one that is gone is still named by its number. */
function IdSelect({ label, rows, value, onChange }: IdProps & { label: string; rows: { id: number; name: string; username?: string }[] }) {
  const data = rows.map(({ id, name, username }) => ({ value: String(id), label: username ?? name }));
  if (value !== null && !rows.some((row) => row.id === value)) data.push({ value: String(value), label: `#${String(value)}` });
  return (
    <Select
      className={classes.choice}
      aria-label={label}
      placeholder={label}
      clearable
      searchable
      data={data}
      value={value === null ? null : String(value)}
      onChange={(id) => onChange(id === null ? null : Number(id))}
    />
  );
}
