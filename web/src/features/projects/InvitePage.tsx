import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { projectKeys } from "@/api/queries";
import { Card } from "@/ui/Card";
import { errorText } from "@/ui/errorText";
import { PageHeader } from "@/ui/PageHeader";
import { Empty } from "@/ui/States";
import classes from "./projects.module.css";

/** Where the address of an invitation leads. The token is behind #, so that no server log has it. */
export default function InvitePage() {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const token = new URLSearchParams(hash).get("token") ?? "";
  const accept = useMutation({
    mutationFn: () => data(api.POST("/api/invites/accept", { body: { token } })),
    onSuccess: async ({ project_id }) => {
      await client.invalidateQueries({ queryKey: projectKeys.all });
      await navigate({ to: "/project/$pid", params: { pid: project_id }, replace: true });
    },
  });
  return (
    <>
      <PageHeader title={t("invite.title")} />
      {token === "" ? (
        <Empty title={t("invite.missing")} text={t("invite.missingText")} />
      ) : (
        <div className={classes.narrow}>
          <Card padded>
            <p style={{ marginBlockStart: 0 }}>{t("invite.text")}</p>
            {accept.error && (
              <p role="alert" style={{ color: "var(--sb-danger)" }}>
                {errorText(accept.error, t)}
              </p>
            )}
            <Button loading={accept.isPending} onClick={() => accept.mutate()}>
              {t("invite.accept")}
            </Button>
          </Card>
        </div>
      )}
    </>
  );
}
