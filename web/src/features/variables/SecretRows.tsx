import { ActionIcon, Button, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconArrowBackUp, IconPlus, IconReplace, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type GroupValues, rowKey, type SecretRow } from "./values";
import classes from "./variables.module.css";

type Props = { form: UseFormReturnType<GroupValues>; readOnly: boolean };

/** Secrets: what is stored is never shown, only replaced, renamed or deleted. */
export function SecretRows({ form, readOnly }: Props) {
  const { t } = useTranslation("resources");
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{t("variables.secrets")}</legend>
      <p className={classes.help}>{t("variables.secretsHelp")}</p>
      <ul className={classes.rows}>
        {form.values.secrets.map((row, index) => (
          <Secret key={row.key} form={form} row={row} index={index} readOnly={readOnly} />
        ))}
      </ul>
      {!readOnly && (
        <Button
          className={classes.add}
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() =>
            form.insertListItem("secrets", {
              key: rowKey(),
              type: "var",
              name: "",
              value: "",
              remove: false,
              replace: true,
            })
          }
        >
          {t("variables.addSecret")}
        </Button>
      )}
    </fieldset>
  );
}

function Secret({ form, row, index, readOnly }: Props & { row: SecretRow; index: number }) {
  const { t } = useTranslation("resources");
  const stored = row.id !== undefined;
  const number = { number: index + 1 };
  const name = row.name || String(index + 1);
  const set = (change: Partial<SecretRow>) =>
    form.setFieldValue(`secrets.${index}`, { ...row, ...change });
  return (
    <li className={`${classes.secret} ${row.remove ? classes.removed : ""}`}>
      <NativeSelect
        aria-label={t("variables.kindOf", number)}
        disabled={stored || readOnly}
        data={[
          { value: "var", label: t("variables.kind.var") },
          { value: "env", label: t("variables.kind.env") },
        ]}
        {...form.getInputProps(`secrets.${index}.type`)}
      />
      <TextInput
        aria-label={t("variables.nameOf", number)}
        placeholder={t("fields.name")}
        classNames={{ input: "mono" }}
        disabled={row.remove}
        autoCapitalize="none"
        spellCheck={false}
        {...form.getInputProps(`secrets.${index}.name`)}
      />
      {row.replace && !row.remove ? (
        <PasswordInput
          aria-label={t("variables.valueOf", number)}
          placeholder={t("variables.value")}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("keys.show") }}
          {...form.getInputProps(`secrets.${index}.value`)}
        />
      ) : (
        <TextInput
          aria-label={t("variables.valueOf", number)}
          value={row.remove ? t("variables.willDelete") : t("variables.stored")}
          disabled
        />
      )}
      {!readOnly && (
        <div className={classes.buttons}>
          {stored && !row.remove && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              title={row.replace ? t("variables.keep") : t("variables.replace")}
              aria-label={`${row.replace ? t("variables.keep") : t("variables.replace")}: ${name}`}
              onClick={() => set({ replace: !row.replace, value: "" })}
            >
              {row.replace ? (
                <IconArrowBackUp size={16} aria-hidden />
              ) : (
                <IconReplace size={16} aria-hidden />
              )}
            </ActionIcon>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            title={row.remove ? t("variables.keep") : t("actions.delete")}
            aria-label={`${row.remove ? t("variables.keep") : t("actions.delete")}: ${name}`}
            onClick={() =>
              stored
                ? set({ remove: !row.remove, replace: false, value: "" })
                : form.removeListItem("secrets", index)
            }
          >
            {row.remove ? (
              <IconArrowBackUp size={16} aria-hidden />
            ) : (
              <IconTrash size={16} aria-hidden />
            )}
          </ActionIcon>
        </div>
      )}
    </li>
  );
}
