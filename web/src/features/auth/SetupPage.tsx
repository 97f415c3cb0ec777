import { Alert, Button, PasswordInput, Skeleton, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { isApiError } from "@/api/errors";
import { setupQuery, userQuery } from "@/api/queries";
import { shortestPassword } from "@/lib/password";
import { errorText } from "@/ui/errorText";
import { ErrorState } from "@/ui/States";
import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

const fieldNames = ["token", "username", "name", "email", "password"] as const;

type Values = Record<(typeof fieldNames)[number] | "repeat", string>;

function useSetup() {
  const { t } = useTranslation("auth");
  const navigate = useNavigate();
  const client = useQueryClient();
  const search = useSearch({ from: "/setup" });
  const required = (v: string) => (v.trim() ? null : t("errors.required"));
  const form = useForm<Values>({
    initialValues: {
      token: search.token ?? "",
      username: "admin",
      name: "",
      email: "",
      password: "",
      repeat: "",
    },
    validate: {
      token: required,
      username: required,
      email: (v) => (/^\S+@\S+$/.test(v.trim()) ? null : t("setup.emailWrong")),
      password: (v) =>
        v.length >= shortestPassword
          ? null
          : t("setup.passwordShort", { count: shortestPassword }),
      repeat: (v, all) => (v === all.password ? null : t("setup.repeatWrong")),
    },
  });
  const create = useMutation({
    mutationFn: ({ token, username, name, email, password }: Values) =>
      data(
        api.POST("/api/setup", {
          body: {
            token: token.trim(),
            username: username.trim(),
            name: name.trim() || username.trim(),
            email: email.trim(),
            password,
          },
        }),
      ),
    onSuccess: async () => {
      client.setQueryData(setupQuery().queryKey, { needed: false });
      await client.fetchQuery({ ...userQuery(), staleTime: 0 });
      await navigate({ to: "/projects/new" });
    },
    onError: (error) => {
      const field = isApiError(error, 403) ? "token" : isApiError(error) ? error.field : undefined;
      const known = fieldNames.find((name) => name === field);
      if (!known) return;
      const text = known === "token" ? t("setup.tokenWrong") : errorText(error, t);
      form.setFieldError(known, text);
      form.getInputNode(known)?.focus();
    },
  });
  return { form, create };
}

/** First start: whoever can read the terminal makes the first administrator. */
export default function SetupPage() {
  const { t } = useTranslation("auth");
  const setup = useQuery(setupQuery());
  const { form, create } = useSetup();

  if (setup.data && !setup.data.needed && !create.isPending && !create.isSuccess) {
    return <Navigate to="/auth/login" replace />;
  }
  const shown = create.error && Object.keys(form.errors).length === 0 ? create.error : undefined;
  return (
    <AuthFrame title={t("setup.title")} text={t("setup.text")}>
      {setup.isPending ? (
        <Skeleton height={320} mt="md" />
      ) : setup.error ? (
        <ErrorState error={setup.error} onRetry={() => void setup.refetch()} />
      ) : (
        <form
          noValidate
          className={classes.fields}
          onSubmit={form.onSubmit((values) => create.mutate(values))}
        >
          {shown && (
            <Alert color="red" role="alert" icon={<IconAlertTriangle size={18} />}>
              {isApiError(shown, 409) ? t("setup.already") : errorText(shown, t)}
            </Alert>
          )}
          <TextInput
            label={t("setup.token")}
            description={t("setup.tokenHelp")}
            classNames={{ input: "mono" }}
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps("token")}
          />
          <TextInput
            label={t("setup.username")}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps("username")}
          />
          <TextInput
            label={t("setup.name")}
            autoComplete="name"
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("setup.email")}
            type="email"
            autoComplete="email"
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={t("setup.password")}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
            {...form.getInputProps("password")}
          />
          <PasswordInput
            label={t("setup.repeat")}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
            {...form.getInputProps("repeat")}
          />
          <Button type="submit" loading={create.isPending}>
            {t("setup.submit")}
          </Button>
        </form>
      )}
    </AuthFrame>
  );
}
