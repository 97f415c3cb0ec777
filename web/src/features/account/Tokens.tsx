import { MultiSelect, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, done } from "@/api/client";
import { tokensQuery, userKeys } from "@/api/queries";
import type { Token } from "@/api/types";
import { ShownOnce } from "@/ui/CopyValue";
import { AddForm, ItemName, Items, RemoveButton } from "@/ui/Items";
import { RelativeTime } from "@/ui/Time";
import { toastError } from "@/ui/toast";
import { useDelete } from "@/ui/useDelete";

const shownLetters = 8;

function label(token: Token): string {
  return `${token.id.slice(0, shownLetters)}…`;
}

/** API tokens: a new one is shown once, then only its first letters. */
export function Tokens() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery());
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("");
  const [fresh, setFresh] = useState<Token>();
  const refresh = () => client.invalidateQueries({ queryKey: userKeys.tokens });

  const create = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/user/tokens", {
          body: {
            name: name.trim() || undefined,
            scopes: scopes.length > 0 ? scopes : undefined,
            expires_at: days
              ? new Date(Date.now() + Number(days) * 24 * 3600 * 1000).toISOString()
              : undefined,
          },
        }),
      ),
    onSuccess: async (token) => {
      setFresh(token);
      setName("");
      await refresh();
    },
    onError: toastError,
  });
  const deleting = useDelete<{ id: number; name: string; token: Token }>({
    project: 0,
    warning: t("tokens.deleteText"),
    remove: ({ token }) =>
      done(api.DELETE("/api/user/tokens/{token}", { params: { path: { token: token.id } } })),
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
      <Items query={tokens}>
        {(token) => (
          <li key={token.id}>
            <ItemName>
              {token.name && `${token.name} · `}
              <span className="mono">{label(token)}</span>
            </ItemName>
            <span className="dim">
              {token.scopes ? token.scopes.join(", ") : t("tokens.everything")}
              {" · "}
              {token.expired ? (
                t("tokens.expired")
              ) : token.expires_at ? (
                <>
                  {t("tokens.until")} <RelativeTime iso={token.expires_at} />
                </>
              ) : (
                t("tokens.forever")
              )}
              {" · "}
              {token.last_used ? (
                <>
                  {t("tokens.used")} <RelativeTime iso={token.last_used} />
                </>
              ) : (
                t("tokens.unused")
              )}
            </span>
            <RemoveButton
              name={token.name || label(token)}
              onClick={() => deleting.ask({ id: 0, name: token.name || label(token), token })}
            />
          </li>
        )}
      </Items>
      <AddForm submitLabel={t("tokens.create")} busy={create.isPending} onSubmit={() => create.mutate()}>
        <TextInput
          label={t("tokens.name")}
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <MultiSelect
          label={t("tokens.scopes")}
          placeholder={scopes.length > 0 ? undefined : t("tokens.everything")}
          data={["read", "run", "write", "admin"].map((value) => ({
            value,
            label: t(`tokens.scope.${value}`),
          }))}
          value={scopes}
          onChange={setScopes}
        />
        <Select
          label={t("tokens.expiry")}
          data={[
            { value: "", label: t("tokens.forever") },
            ...["7", "30", "90", "365"].map((value) => ({
              value,
              label: t("tokens.days", { count: Number(value) }),
            })),
          ]}
          value={days}
          allowDeselect={false}
          onChange={(value) => setDays(value ?? "")}
        />
      </AddForm>
      {deleting.dialog}
    </>
  );
}
