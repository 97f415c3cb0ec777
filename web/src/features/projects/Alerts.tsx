import { Alert, Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconBellRinging, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { type ChannelResult, isApiError } from "@/api/errors";
import { usePermissions } from "@/api/permissions";
import { alertChannelsQuery } from "@/api/queries";
import type { AlertChannel, Project } from "@/api/types";
import { AlertList, AlertRow } from "@/ui/AlertList";
import { Card } from "@/ui/Card";
import { errorText } from "@/ui/errorText";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import classes from "./projects.module.css";

/** The channels by which people are told about runs, and whether they work. */
export function Alerts({ project }: { project: Project }) {
  const { t } = useTranslation("alerts");
  const channels = useQuery(alertChannelsQuery(project.id));
  return (
    <Card padded title={t("title")}>
      {channels.error ? (
        <ErrorState error={channels.error} onRetry={() => void channels.refetch()} />
      ) : channels.data === undefined ? (
        <RowsSkeleton rows={2} />
      ) : channels.data.length === 0 ? (
        <Empty title={t("none")} text={t("noneText")} />
      ) : (
        <Channels project={project} channels={channels.data} />
      )}
    </Card>
  );
}

function Channels({ project, channels }: { project: Project; channels: AlertChannel[] }) {
  const { t, i18n } = useTranslation("alerts");
  const { can } = usePermissions(project.id);
  const test = useMutation({
    mutationFn: () =>
      done(api.POST("/api/project/{project_id}/notifications/test", { params: { path: { project_id: project.id } } })),
  });
  const failed = isApiError(test.error) ? test.error.channels : [];
  const words = new Intl.ListFormat(i18n.language);
  const result = (channel: string): ChannelResult | undefined =>
    test.isSuccess ? { channel, sent: true } : failed.find((known) => known.channel === channel);
  return (
    <>
      {!project.alert && <p className={classes.lead}>{t("off")}</p>}
      <AlertList label={t("title")}>
        {channels.map((channel) => {
          const was = result(channel.channel);
          return (
            <AlertRow
              key={channel.channel}
              name={channel.name}
              state={was && (was.sent ? "sent" : "failed")}
              stateText={was && (was.sent ? t("accepted") : t("failed"))}
              notes={[
                was?.error,
                t("tells", { events: words.format((channel.events ?? []).map((event) => t(`events.${event}`))) }),
                channel.channel === "email" && t("personal"),
                channel.needs_chat && !project.alert_chat && t("needsChat"),
              ]}
            />
          );
        })}
      </AlertList>
      <div role="status" className={classes.result}>
        {test.isSuccess && (
          <Alert color="green" icon={<IconCheck size={18} />}>
            {t("testSent")}
          </Alert>
        )}
        {test.error && (
          <Alert color="red" icon={<IconAlertTriangle size={18} />}>
            {failed.length > 0 ? t("testFailed") : errorText(test.error, t)}
          </Alert>
        )}
      </div>
      {can("manageResources") && (
        <Button
          variant="default"
          leftSection={<IconBellRinging size={16} />}
          disabled={!project.alert}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t("test")}
        </Button>
      )}
    </>
  );
}
