import { Button, Group, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { isApiError, type Usage } from "@/api/errors";
import { errorText } from "./errorText";
import { kindOf, ObjectLink } from "./ObjectLink";
import { toastDone } from "./toast";

type Item = { id: number; name: string };
type Asked = { item: Item; busy: boolean; users?: Usage[]; failure?: string };

/**
 * Asks, deletes, and shows what is in the way when the object is still in use. Render `dialog` once
 * and call `ask` with the object.
 */
export function useDelete<T extends Item>(options: {
  project: number;
  remove: (item: T) => Promise<void>;
  /** After the delete; refresh lists or leave the page here. */
  onDone: (item: T) => void | Promise<void>;
  /** What else goes away with it. */
  warning?: string;
}): { ask: (item: T) => void; dialog: ReactNode } {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked & { item: T }>();

  const run = async () => {
    if (!asked) return;
    setAsked({ ...asked, busy: true, failure: undefined });
    try {
      await options.remove(asked.item);
    } catch (error) {
      const users = isApiError(error) && error.inUse ? error.users : undefined;
      setAsked({ ...asked, busy: false, users, failure: errorText(error, t) });
      return;
    }
    setAsked(undefined);
    toastDone(t("delete.done", { name: asked.item.name }));
    await options.onDone(asked.item);
  };

  const close = () => setAsked(undefined);
  const name = asked?.item.name ?? "";
  const title = asked?.users ? t("delete.inUse", { name }) : t("delete.question", { name });
  const dialog = (
    <Modal
      opened={asked !== undefined}
      onClose={close}
      title={title}
      closeButtonProps={{ "aria-label": t("actions.close") }}
    >
      {asked?.users ? (
        <>
          <p>{asked.users.length > 0 ? t("delete.inUseText") : asked.failure}</p>
          <ul>
            {asked.users.map((usage) => (
              <li key={`${usage.type}-${usage.id}`}>
                {t([`delete.kinds.${kindOf(usage.type)}`, "delete.kind"], { kind: usage.type })}{" "}
                <ObjectLink project={options.project} type={usage.type} id={usage.id} onClick={close}>
                  {usage.name}
                </ObjectLink>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <p>
            {options.warning} {t("delete.irreversible")}
          </p>
          {asked?.failure && (
            <p role="alert" style={{ color: "var(--sb-danger)" }}>
              {asked.failure}
            </p>
          )}
        </>
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close} data-autofocus>
          {asked?.users ? t("actions.close") : t("actions.cancel")}
        </Button>
        {!asked?.users && (
          <Button color="red" loading={asked?.busy} onClick={() => void run()}>
            {t("actions.delete")}
          </Button>
        )}
      </Group>
    </Modal>
  );
  return { ask: (item) => setAsked({ item, busy: false }), dialog };
}
