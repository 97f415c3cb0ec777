import { ActionIcon, Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./templates.module.css";
import { rowKey, surveyTypes, type TemplateValues } from "./values";

type FormState = UseFormReturnType<TemplateValues>;

/** The questions that a run asks, in the order it asks them. */
export function SurveyEditor({ form }: { form: FormState }) {
  const { t } = useTranslation("templates");
  const add = () =>
    form.insertListItem("survey", {
      key: rowKey(),
      name: "",
      title: "",
      type: "string",
      required: false,
      description: "",
      values: [],
      default_value: "",
    });
  return (
    <>
      {form.values.survey.length > 0 && (
        <ol className={classes.rows}>
          {form.values.survey.map((row, index) => (
            <li key={row.key} className={classes.row}>
              <Question form={form} index={index} />
            </li>
          ))}
        </ol>
      )}
      <div>
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={add}>
          {t("survey.add")}
        </Button>
      </div>
    </>
  );
}

function Question({ form, index }: { form: FormState; index: number }) {
  const { t } = useTranslation("templates");
  const row = form.values.survey[index];
  const path = `survey.${index}`;
  const name = row.title || row.name || t("survey.question", { number: index + 1 });
  const types = surveyTypes.map((value) => ({ value, label: t(`survey.types.${value}`) }));
  const known = types.some((x) => x.value === row.type);
  return (
    <>
      <div className={classes.rowHead}>
        <span className={classes.rowTitle}>{name}</span>
        <RowButtons
          name={name}
          index={index}
          count={form.values.survey.length}
          onMove={(to) => form.reorderListItem("survey", { from: index, to })}
          onRemove={() => form.removeListItem("survey", index)}
        />
      </div>
      <div className={classes.two}>
        <TextInput
          label={t("survey.title")}
          required
          {...form.getInputProps(`${path}.title`)}
        />
        <TextInput
          label={t("survey.name")}
          required
          autoCapitalize="none"
          spellCheck={false}
          classNames={{ input: "mono" }}
          {...form.getInputProps(`${path}.name`)}
        />
        <NativeSelect
          label={t("survey.type")}
          data={known ? types : [...types, { value: row.type, label: row.type }]}
          {...form.getInputProps(`${path}.type`)}
        />
        {row.type === "enum" ? (
          <NativeSelect
            label={t("survey.default")}
            data={[
              { value: "", label: t("survey.noDefault") },
              ...[...new Set(row.values.map((v) => v.value).filter(Boolean))],
            ]}
            {...form.getInputProps(`${path}.default_value`)}
          />
        ) : (
          row.type !== "secret" && (
            <TextInput
              label={t("survey.default")}
              inputMode={row.type === "int" ? "numeric" : undefined}
              {...form.getInputProps(`${path}.default_value`)}
            />
          )
        )}
      </div>
      <TextInput label={t("survey.description")} {...form.getInputProps(`${path}.description`)} />
      {row.type === "enum" && <EnumValues form={form} index={index} />}
      <Switch
        label={t("survey.required")}
        {...form.getInputProps(`${path}.required`, { type: "checkbox" })}
      />
    </>
  );
}

function EnumValues({ form, index }: { form: FormState; index: number }) {
  const { t } = useTranslation("templates");
  const path = `survey.${index}.values`;
  const { values } = form.values.survey[index];
  const error = form.errors[`survey.${index}.type`];
  return (
    <fieldset className={classes.values}>
      <legend className={classes.legend}>{t("survey.values")}</legend>
      {error && <p className={classes.error}>{error}</p>}
      {values.map((value, at) => (
        <div key={value.key} className={classes.value}>
          <TextInput
            aria-label={t("survey.valueOf", { number: at + 1 })}
            placeholder={t("survey.value")}
            classNames={{ input: "mono" }}
            {...form.getInputProps(`${path}.${at}.value`)}
          />
          <TextInput
            aria-label={t("survey.labelOf", { number: at + 1 })}
            placeholder={t("survey.label")}
            {...form.getInputProps(`${path}.${at}.name`)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`${t("actions.remove")}: ${value.value || at + 1}`}
            onClick={() => form.removeListItem(path, at)}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => form.insertListItem(path, { key: rowKey(), name: "", value: "" })}
        >
          {t("survey.addValue")}
        </Button>
      </div>
    </fieldset>
  );
}

export function RowButtons({
  name,
  index,
  count,
  onMove,
  onRemove,
}: {
  name: string;
  index: number;
  count: number;
  onMove?: (to: number) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const common = { variant: "subtle", color: "gray", size: "lg" } as const;
  return (
    <div className={classes.rowButtons}>
      {onMove && (
        <>
          <ActionIcon
            {...common}
            disabled={index === 0}
            aria-label={`${t("actions.moveUp")}: ${name}`}
            onClick={() => onMove(index - 1)}
          >
            <IconArrowUp size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon
            {...common}
            disabled={index === count - 1}
            aria-label={`${t("actions.moveDown")}: ${name}`}
            onClick={() => onMove(index + 1)}
          >
            <IconArrowDown size={16} aria-hidden />
          </ActionIcon>
        </>
      )}
      <ActionIcon {...common} aria-label={`${t("actions.remove")}: ${name}`} onClick={onRemove}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}
