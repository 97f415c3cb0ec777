import { MultiSelect, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { isApiError } from "@/api/errors";
import { projectsQuery } from "@/api/queries";
import type { Token } from "@/api/types";
import { errorText } from "@/ui/errorText";
import { AddForm } from "@/ui/Items";
import { toastError } from "@/ui/toast";
import { lives, noToken, scopes, tokenBody, tokenRules, type TokenValues } from "./tokenValues";

/** Makes a token, no wider than it needs to be. */
export function NewToken({ onMade }: { onMade: (token: Token) => Promise<void> }) {
  const { t } = useTranslation("auth");
  const projects = useQuery(projectsQuery());
  const form = useForm<TokenValues>({ initialValues: noToken, validate: tokenRules(t, Date.now) });
  const create = useMutation({
    mutationFn: (values: TokenValues) => data(api.POST("/api/user/tokens", { body: tokenBody(values, Date.now()) })),
    onSuccess: async (token) => {
      form.reset();
      await onMade(token);
    },
    onError: (error) => {
      const field = isApiError(error) ? error.field : undefined;
      const path = field === "expires_at" ? (form.values.life === "day" ? "day" : "life") : field;
      if (path !== undefined && path in noToken) form.setFieldError(path, errorText(error, t));
      else toastError(error);
    },
  });
  const lifeText = (life: string) =>
    life === "" ? t("tokens.forever") : life === "day" ? t("tokens.onDay") : t("tokens.days", { count: Number(life) });
  return (
    <AddForm
      submitLabel={t("tokens.create")}
      busy={create.isPending}
      onSubmit={form.onSubmit((values) => create.mutate(values))}
    >
      <TextInput label={t("tokens.name")} maxLength={100} {...form.getInputProps("name")} />
      <MultiSelect
        label={t("tokens.scopes")}
        placeholder={form.values.scopes.length > 0 ? undefined : t("tokens.everything")}
        data={scopes.map((value) => ({ value, label: t(`tokens.scope.${value}`) }))}
        {...form.getInputProps("scopes")}
      />
      <MultiSelect
        label={t("tokens.projects")}
        placeholder={form.values.projects.length > 0 ? undefined : t("tokens.allProjects")}
        searchable
        data={(projects.data ?? []).map((p) => ({ value: String(p.id), label: p.name }))}
        {...form.getInputProps("projects")}
      />
      <Select
        label={t("tokens.expiry")}
        data={lives.map((value) => ({ value, label: lifeText(value) }))}
        allowDeselect={false}
        {...form.getInputProps("life")}
      />
      {form.values.life === "day" && <TextInput type="date" label={t("tokens.day")} {...form.getInputProps("day")} />}
    </AddForm>
  );
}
