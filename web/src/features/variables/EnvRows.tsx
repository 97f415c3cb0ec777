import { ActionIcon, Button, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type GroupValues, rowKey } from "./values";
import classes from "./variables.module.css";

/** Environment variables, a row each. */
export function EnvRows({
  form,
  readOnly,
}: {
  form: UseFormReturnType<GroupValues>;
  readOnly: boolean;
}) {
  const { t } = useTranslation("resources");
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{t("variables.env")}</legend>
      <p className={classes.help}>{t("variables.envHelp")}</p>
      <ul className={classes.rows}>
        {form.values.env.map((row, index) => (
          <li key={row.key} className={classes.row}>
            <TextInput
              aria-label={t("variables.nameOf", { number: index + 1 })}
              placeholder={t("fields.name")}
              classNames={{ input: "mono" }}
              autoCapitalize="none"
              spellCheck={false}
              {...form.getInputProps(`env.${index}.name`)}
            />
            <TextInput
              aria-label={t("variables.valueOf", { number: index + 1 })}
              placeholder={t("variables.value")}
              classNames={{ input: "mono" }}
              spellCheck={false}
              {...form.getInputProps(`env.${index}.value`)}
            />
            {!readOnly && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={`${t("actions.remove")}: ${row.name || index + 1}`}
                onClick={() => form.removeListItem("env", index)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {!readOnly && (
        <Button
          className={classes.add}
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => form.insertListItem("env", { key: rowKey(), name: "", value: "" })}
        >
          {t("variables.addEnv")}
        </Button>
      )}
    </fieldset>
  );
}
