import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, done, mountUrl } from "@/api/client";
import { infoQuery, userKeys } from "@/api/queries";
import type { NewTOTP, User } from "@/api/types";
import { errorText } from "@/ui/errorText";
import { RelativeTime } from "@/ui/Time";
import { toastDone, toastError } from "@/ui/toast";
import classes from "./account.module.css";

/** The second factor of one's own: set it up, see since when it is on, remove it. */
export function SecondFactor({ user }: { user: User }) {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const info = useQuery(infoQuery());
  const [fresh, setFresh] = useState<NewTOTP>();
  const [codes, setCodes] = useState<string[]>([]);
  const refresh = () => client.invalidateQueries({ queryKey: userKeys.me });
  const create = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/users/{user_id}/2fas/totp", { params: { path: { user_id: user.id } } }),
      ),
    onSuccess: setFresh,
    onError: toastError,
  });

  if (fresh) {
    return (
      <Confirm
        user={user}
        factor={fresh}
        onCancel={() => setFresh(undefined)}
        onDone={async () => {
          setCodes(fresh.recovery_codes ?? []);
          setFresh(undefined);
          toastDone(t("totp.done"));
          await refresh();
        }}
      />
    );
  }
  if (user.totp) {
    return (
      <>
        {codes.length > 0 && (
          <div className={classes.fresh} role="status">
            <p>
              <strong>{t("totp.codes")}</strong> {t("totp.codesText")}
            </p>
            <ul className={`${classes.codes} mono`}>
              {codes.map((code) => (
                <li key={code}>{code}</li>
              ))}
            </ul>
          </div>
        )}
        <p style={{ marginBlockStart: 0 }}>
          {t("totp.since")} <RelativeTime iso={user.totp.created} />
        </p>
        <Remove user={user} factor={user.totp.id} onDone={refresh} />
      </>
    );
  }
  return (
    <>
      <p className="dim" style={{ marginBlockStart: 0 }}>
        {info.data && !info.data.auth_methods.totp && !info.data.auth_methods.email
          ? t("totp.unavailable")
          : t(info.data?.auth_methods.email && !user.external ? "totp.mail" : "totp.off")}
      </p>
      {info.data?.auth_methods.totp && (
        <Button loading={create.isPending} onClick={() => create.mutate()}>
          {t("totp.setUp")}
        </Button>
      )}
    </>
  );
}

/** The picture for the authenticator, and the first code of it. */
function Confirm({
  user,
  factor,
  onCancel,
  onDone,
}: {
  user: User;
  factor: NewTOTP;
  onCancel: () => void;
  onDone: () => Promise<void>;
}) {
  const { t } = useTranslation("auth");
  const path = { user_id: user.id, totp_id: factor.id };
  const form = useForm({
    initialValues: { passcode: "" },
    validate: { passcode: (v) => (v.trim() ? null : t("errors.required")) },
  });
  const confirm = useMutation({
    mutationFn: (body: { passcode: string }) =>
      done(api.POST("/api/users/{user_id}/2fas/totp/{totp_id}/confirm", { params: { path }, body })),
    onSuccess: onDone,
    onError: (error) => form.setFieldError("passcode", errorText(error, t)),
  });
  return (
    <form
      noValidate
      className={classes.factor}
      onSubmit={form.onSubmit((values) => confirm.mutate({ passcode: values.passcode.trim() }))}
    >
      <img
        src={`${mountUrl()}/api/users/${user.id}/2fas/totp/${factor.id}/qr`}
        alt={t("totp.picture")}
        width={192}
        height={192}
      />
      <div className={classes.factorText}>
        <p style={{ margin: 0 }}>{t("totp.scan")}</p>
        <TextInput
          label={t("totp.key")}
          className="mono"
          readOnly
          value={new URL(factor.url).searchParams.get("secret") ?? ""}
        />
        <TextInput
          label={t("code.label")}
          autoComplete="one-time-code"
          inputMode="numeric"
          autoFocus
          {...form.getInputProps("passcode")}
        />
        <div className={classes.value}>
          <Button type="submit" loading={confirm.isPending}>
            {t("totp.confirm")}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("totp.cancel")}
          </Button>
        </div>
      </div>
    </form>
  );
}

const codeForm = /^[0-9]{6}$/;

function Remove({
  user,
  factor,
  onDone,
}: {
  user: User;
  factor: number;
  onDone: () => Promise<void>;
}) {
  const { t } = useTranslation("auth");
  const form = useForm({ initialValues: { proof: "" } });
  const remove = useMutation({
    mutationFn: ({ proof }: { proof: string }) =>
      done(
        api.DELETE("/api/users/{user_id}/2fas/totp/{totp_id}", {
          params: { path: { user_id: user.id, totp_id: factor } },
          body: codeForm.test(proof) ? { passcode: proof } : { current_password: proof },
        }),
      ),
    onSuccess: async () => {
      toastDone(t("totp.removed"));
      await onDone();
    },
    onError: (error) => form.setFieldError("proof", errorText(error, t)),
  });
  return (
    <form
      noValidate
      className={classes.create}
      onSubmit={form.onSubmit((values) => remove.mutate(values))}
    >
      <PasswordInput
        label={t("totp.proof")}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        style={{ flex: 1, minWidth: 220 }}
        {...form.getInputProps("proof")}
      />
      <Button type="submit" color="red" variant="outline" loading={remove.isPending}>
        {t("totp.remove")}
      </Button>
    </form>
  );
}
