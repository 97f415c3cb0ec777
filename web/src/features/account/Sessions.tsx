import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { sessionsQuery, userKeys } from "@/api/queries";
import { ItemName, Items } from "@/ui/Items";
import { RelativeTime } from "@/ui/Time";
import { toastDone, toastError } from "@/ui/toast";

/** Where one is signed in, and ending that. */
export function Sessions() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery());
  const end = useMutation({
    mutationFn: (id: number | undefined) =>
      id === undefined
        ? done(api.DELETE("/api/user/sessions"))
        : done(
            api.DELETE("/api/user/sessions/{session_id}", { params: { path: { session_id: id } } }),
          ),
    onSuccess: async () => {
      toastDone(t("sessions.ended"));
      await client.invalidateQueries({ queryKey: userKeys.sessions });
    },
    onError: toastError,
  });
  return (
    <>
      <Items query={sessions}>
        {(s) => (
          <li key={s.id}>
            <ItemName>
              {s.user_agent || t("sessions.unknown")}
              <span className="dim">
                {" · "}
                {s.ip}
              </span>
            </ItemName>
            <span className="dim">
              {s.current ? t("sessions.current") : <RelativeTime iso={s.last_active} />}
            </span>
            {!s.current && (
              <Button
                variant="subtle"
                color="red"
                size="xs"
                disabled={end.isPending}
                onClick={() => end.mutate(s.id)}
              >
                {t("sessions.end")}
              </Button>
            )}
          </li>
        )}
      </Items>
      {sessions.data?.some((s) => !s.current) && (
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate(undefined)}>
          {t("sessions.endOthers")}
        </Button>
      )}
    </>
  );
}
