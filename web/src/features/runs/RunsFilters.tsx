import { Chip, CloseButton, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { templatesQuery } from "@/api/queries";
import { chipNames, type RunsSearch, type StatusChip } from "./filters";
import classes from "./runs.module.css";

interface Props {
  readonly projectId: number;
  readonly search: RunsSearch;
  readonly onChange: (search: RunsSearch) => void;
}

export function RunsFilters({ projectId, search, onChange }: Props) {
  const { t } = useTranslation("runs");
  const templates = useQuery(templatesQuery(projectId));
  const options = (templates.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
  return (
    <div className={classes.filters}>
      <TextFilter search={search} onChange={onChange} />
      <Select
        className={classes.templateFilter}
        aria-label={t("runs.template")}
        placeholder={t("runs.anyTemplate")}
        clearable
        searchable
        data={options}
        value={search.template === null ? null : String(search.template)}
        onChange={(value) => onChange({ ...search, template: value === null ? null : Number(value) })}
      />
      <Chip size="sm" variant="light" checked={search.mine} onChange={(mine) => onChange({ ...search, mine })}>
        {t("runs.mine")}
      </Chip>
      <Chip.Group multiple value={[...search.chips]} onChange={(chips) => onChange({ ...search, chips: chips as StatusChip[] })}>
        <div className={classes.chips} role="group" aria-label={t("runs.status")}>
          {chipNames.map((chip) => (
            <Chip key={chip} value={chip} size="sm" variant="light">
              {t(`runs.chip.${chip}`)}
            </Chip>
          ))}
        </div>
      </Chip.Group>
    </div>
  );
}

function TextFilter({ search, onChange }: Omit<Props, "projectId">) {
  const { t } = useTranslation("runs");
  const [text, setText] = useState(search.q);
  const [known, setKnown] = useState(search.q);
  if (known !== search.q) {
    setKnown(search.q);
    // Cleared from outside; while typing, the address only follows the text.
    if (search.q === "") setText("");
  }
  const remember = useDebouncedCallback((q: string) => onChange({ ...search, q }), 250);
  const change = (q: string) => {
    setText(q);
    remember(q);
  };
  return (
    <TextInput
      data-filter
      className={classes.textFilter}
      value={text}
      aria-label={t("runs.text")}
      placeholder={t("runs.text")}
      leftSection={<IconFilter size={16} aria-hidden />}
      rightSection={text !== "" && <CloseButton size="sm" aria-label={t("common:table.clearFilter")} onClick={() => change("")} />}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && change("")}
    />
  );
}
