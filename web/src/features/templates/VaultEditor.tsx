import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { KeySelect } from "@/ui/KeySelect";
import { RowButtons } from "./SurveyEditor";
import classes from "./templates.module.css";
import { rowKey, type TemplateValues } from "./values";

/** The vault passwords that a playbook needs, one for each vault id. */
export function VaultEditor({
  project,
  form,
}: {
  project: number;
  form: UseFormReturnType<TemplateValues>;
}) {
  const { t } = useTranslation("templates");
  const add = () =>
    form.insertListItem("vaults", {
      key: rowKey(),
      type: "password",
      name: "",
      vault_key_id: null,
      script: "",
    });
  return (
    <fieldset className={classes.values}>
      <legend className={classes.legend}>{t("vaults.title")}</legend>
      <ul className={classes.rows}>
        {form.values.vaults.map((row, index) => {
          const path = `vaults.${index}`;
          const name = row.name || t("vaults.default");
          return (
            <li key={row.key} className={classes.row}>
              <div className={classes.rowHead}>
                <span className={classes.rowTitle}>{name}</span>
                <RowButtons
                  name={name}
                  index={index}
                  count={form.values.vaults.length}
                  onRemove={() => form.removeListItem("vaults", index)}
                />
              </div>
              <div className={classes.two}>
                <TextInput
                  label={t("vaults.id")}
                  description={t("vaults.idHelp")}
                  spellCheck={false}
                  {...form.getInputProps(`${path}.name`)}
                />
                <NativeSelect
                  label={t("vaults.type")}
                  description={t("vaults.typeHelp")}
                  data={[
                    { value: "password", label: t("vaults.types.password") },
                    { value: "script", label: t("vaults.types.script") },
                  ]}
                  {...form.getInputProps(`${path}.type`)}
                />
              </div>
              {row.type === "script" ? (
                <TextInput
                  label={t("vaults.script")}
                  description={t("vaults.scriptHelp")}
                  required
                  classNames={{ input: "mono" }}
                  {...form.getInputProps(`${path}.script`)}
                />
              ) : (
                <KeySelect
                  project={project}
                  label={t("vaults.key")}
                  required
                  types={["login_password", "string"]}
                  {...form.getInputProps(`${path}.vault_key_id`)}
                />
              )}
            </li>
          );
        })}
      </ul>
      <div>
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={add}>
          {t("vaults.add")}
        </Button>
      </div>
    </fieldset>
  );
}
