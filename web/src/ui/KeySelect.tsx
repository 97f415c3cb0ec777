import { Select, type SelectProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keysQuery } from "@/api/queries";

type Props = Omit<SelectProps, "data" | "value" | "onChange"> & {
  project: number;
  value?: number | null;
  onChange?: (value: number | null) => void;
  /** Only keys of these types. */
  types?: string[];
};

/** Chooses one of the project's keys. */
export function KeySelect({ project, value, onChange, types, ...rest }: Props) {
  const { t } = useTranslation();
  const keys = useQuery(keysQuery(project));
  const shown = (keys.data ?? []).filter((k) => !types || types.includes(k.type));
  return (
    <Select
      searchable
      nothingFoundMessage={t("picker.nothing")}
      {...rest}
      value={value == null ? null : String(value)}
      onChange={(id) => onChange?.(id === null ? null : Number(id))}
      data={shown.map((k) => ({ value: String(k.id), label: k.name }))}
    />
  );
}
