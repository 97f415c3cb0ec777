import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { projectsQuery, tokensQuery, userKeys } from "@/api/queries";
import type { Token } from "@/api/types";
import { formatTime } from "@/lib/format";
import { ShownOnce } from "@/ui/CopyValue";
import { ItemName, Items, RemoveButton } from "@/ui/Items";
import { RelativeTime } from "@/ui/Time";
import { toastDone, toastError } from "@/ui/toast";
import { useDelete } from "@/ui/useDelete";
import { NewToken } from "./NewToken";

const shownLetters = 8;

function label(token: Token): string {
  return `${token.id.slice(0, shownLetters)}…`;
}

const remove = (token: Token) => done(api.DELETE("/api/user/tokens/{token}", { params: { path: { token: token.id } } }));

/** API tokens: a new one is shown once, then only its first letters. */
export function Tokens() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery());
  const [fresh, setFresh] = useState<Token>();
  const refresh = () => client.invalidateQueries({ queryKey: userKeys.tokens });
  const deleting = useDelete<{ id: number; name: string; token: Token }>({
    project: 0,
    warning: t("tokens.deleteText"),
    remove: ({ token }) => remove(token),
    onDone: async ({ token }) => {
      if (fresh?.id.startsWith(token.id.slice(0, shownLetters))) setFresh(undefined);
      await refresh();
    },
  });
  return (
    <>
      <p className="dim" style={{ marginBlockStart: 0 }}>
        {t("tokens.text")}
      </p>
      {fresh && <ShownOnce text={t("tokens.once")} value={fresh.id} />}
      <Items query={tokens} label={t("tokens.title")} empty={t("tokens.none")}>
        {(token) => (
          <li key={token.id}>
            <ItemName>
              {token.name && `${token.name} · `}
              <span className="mono">{label(token)}</span>
              <br />
              <Facts token={token} />
            </ItemName>
            <RemoveButton
              name={token.name || label(token)}
              onClick={() => deleting.ask({ id: 0, name: token.name || label(token), token })}
            />
          </li>
        )}
      </Items>
      <Expired tokens={tokens.data ?? []} onDone={refresh} />
      <NewToken
        onMade={async (token) => {
          setFresh(token);
          await refresh();
        }}
      />
      {deleting.dialog}
    </>
  );
}

/** What a token is good for, where, how long, and when it was used. */
function Facts({ token }: { token: Token }) {
  const { t } = useTranslation("auth");
  const projects = useQuery({ ...projectsQuery(), enabled: token.projects !== undefined });
  const projectName = (id: number) => projects.data?.find((p) => p.id === id)?.name ?? `#${String(id)}`;
  const facts: ReactNode[] = [
    token.scopes ? token.scopes.map((s) => t(`tokens.scope.${s}`, s)).join(", ") : t("tokens.everything"),
    token.projects ? token.projects.map(projectName).join(", ") : t("tokens.allProjects"),
    token.expired ? (
      t("tokens.expired")
    ) : token.expires_at ? (
      <>
        {t("tokens.until")} <time dateTime={token.expires_at}>{formatTime(token.expires_at)}</time>
      </>
    ) : (
      t("tokens.forever")
    ),
    token.last_used ? (
      <>
        {t("tokens.used")} <RelativeTime iso={token.last_used} />
      </>
    ) : (
      t("tokens.unused")
    ),
  ];
  return (
    <span className="dim">
      {facts.map((fact, i) => (
        <Fragment key={i}>
          {i > 0 && " · "}
          {fact}
        </Fragment>
      ))}
    </span>
  );
}

/** Takes away what is good for nothing any more, without a question. */
function Expired({ tokens, onDone }: { tokens: Token[]; onDone: () => Promise<void> }) {
  const { t } = useTranslation("auth");
  const expired = tokens.filter((token) => token.expired);
  const purge = useMutation({
    mutationFn: async () => {
      for (const token of expired) await remove(token);
    },
    onSuccess: () => toastDone(t("tokens.purged")),
    onError: toastError,
    onSettled: onDone,
  });
  if (expired.length === 0) return null;
  return (
    <Button variant="default" size="xs" mb="md" loading={purge.isPending} onClick={() => purge.mutate()}>
      {t("tokens.purge", { count: expired.length })}
    </Button>
  );
}
