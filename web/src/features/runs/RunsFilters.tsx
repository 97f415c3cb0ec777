import { Chip, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { templatesQuery } from "@/api/queries";
import { TextFilter } from "@/ui/TextFilter";
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
      <TextFilter
        className={classes.textFilter}
        label={t("runs.text")}
        value={search.q}
        onChange={(q) => onChange({ ...search, q })}
      />
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
