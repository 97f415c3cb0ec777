import { Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { isApiError } from "@/api/errors";
import { userQuery } from "@/api/queries";
import { ErrorState } from "@/ui/States";
import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";
import { LoginForm } from "./LoginForm";
import { RegisterForm } from "./RegisterForm";

/** Where an invitation leads who has not signed in: to the sign-in, or to a new account. */
export default function InvitedPage() {
  const { t } = useTranslation(["signin", "auth"]);
  const navigate = useNavigate();
  const client = useQueryClient();
  const hash = useLocation({ select: (location) => location.hash });
  const token = new URLSearchParams(hash).get("token") ?? "";
  const [joined, setJoined] = useState<number>();
  const [signsIn, setSignsIn] = useState(false);
  const invite = useQuery({
    queryKey: ["invite", token],
    queryFn: () => data(api.POST("/api/invites/preview", { body: { token } })),
    enabled: token !== "" && joined === undefined,
    retry: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const enter = async () => {
    await client.fetchQuery({ ...userQuery(), staleTime: 0 });
    if (joined === undefined) await navigate({ to: "/invite", hash, replace: true });
    else await navigate({ to: "/project/$pid", params: { pid: joined }, replace: true });
  };

  // The account is made, but the sign-in may take more steps.
  if (joined !== undefined) {
    return (
      <AuthFrame title={t("login.title", { ns: "auth" })}>
        <LoginForm onDone={enter} />
      </AuthFrame>
    );
  }
  if (token === "") return <Unusable text={t("invited.missing")} />;
  if (isApiError(invite.error, 400) || isApiError(invite.error, 403)) return <Unusable text={invite.error.message} />;
  if (!invite.data) {
    return (
      <AuthFrame title={t("invited.title")}>
        {invite.error ? (
          <ErrorState error={invite.error} onRetry={() => void invite.refetch()} />
        ) : (
          <Skeleton height={240} mt="md" />
        )}
      </AuthFrame>
    );
  }
  const { project_name: project, email, registered, password_login: passwords } = invite.data;
  if (registered || signsIn || !passwords) {
    return (
      <AuthFrame
        title={t("invited.to", { project })}
        text={email ? t("invited.signInAs", { email }) : t("invited.signIn")}
      >
        <LoginForm onDone={enter} />
        {signsIn && (
          <Button variant="subtle" fullWidth mt="sm" onClick={() => setSignsIn(false)}>
            {t("invited.back")}
          </Button>
        )}
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t("invited.to", { project })} text={t("invited.register")}>
      <RegisterForm
        token={token}
        email={email ?? ""}
        onDone={async (id) => {
          try {
            await client.fetchQuery({ ...userQuery(), staleTime: 0 });
          } catch (error) {
            if (!isApiError(error, 401)) throw error;
            setJoined(id);
            return;
          }
          await navigate({ to: "/project/$pid", params: { pid: id }, replace: true });
        }}
      />
      <Anchor component="button" type="button" size="sm" mt="md" mx="auto" display="block" onClick={() => setSignsIn(true)}>
        {t("invited.haveOne")}
      </Anchor>
    </AuthFrame>
  );
}

function Unusable({ text }: { text: string }) {
  const { t } = useTranslation(["signin", "auth"]);
  return (
    <AuthFrame title={t("invited.title")}>
      <p className={classes.text} role="alert">
        {text}
      </p>
      <Button component={Link} to="/auth/login" fullWidth mt="md">
        {t("login.submit", { ns: "auth" })}
      </Button>
    </AuthFrame>
  );
}
