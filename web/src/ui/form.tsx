import { Alert, Button, Drawer } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { modals } from "@mantine/modals";
import { useBlocker } from "@tanstack/react-router";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import i18n from "@/i18n";
import { errorText } from "./errorText";
import classes from "./form.module.css";

/** Asks whether changes may be thrown away. */
export function confirmDiscard(): Promise<boolean> {
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title: i18n.t("form.leaveQuestion"),
      children: i18n.t("form.leaveText"),
      labels: { confirm: i18n.t("actions.discard"), cancel: i18n.t("actions.keepEditing") },
      confirmProps: { color: "red" },
      closeButtonProps: { "aria-label": i18n.t("actions.close") },
      onConfirm: () => resolve(true),
      onCancel: () => resolve(false),
      onClose: () => resolve(false),
    });
  });
}

export type Saving = {
  submit: (event?: React.FormEvent<HTMLFormElement>) => void;
  busy: boolean;
  /** A failure that belongs to no single field. */
  failure?: string;
  /** Somebody else changed the object after the form was filled. */
  stale?: boolean;
};

/**
 * Submits a form: validates, saves, shows the server's complaint at its field, and guards unsaved
 * changes on every way out of the page. `fields` translates the server's names to the form's.
 */
export function useSave<V, R>(options: {
  form: UseFormReturnType<V, V>;
  save: (values: V) => Promise<R>;
  onSaved: (result: R, values: V) => void | Promise<void>;
  fields?: (field: string) => string;
}): Saving {
  const { t } = useTranslation();
  const { form, save, onSaved, fields } = options;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [stale, setStale] = useState(false);
  const leaving = useRef(false);
  // State arrives with the next render, too late for a key that is held down.
  const running = useRef(false);

  useBlocker({
    shouldBlockFn: async () => {
      if (leaving.current || !form.isDirty()) return false;
      return !(await confirmDiscard());
    },
    enableBeforeUnload: () => !leaving.current && form.isDirty(),
  });

  const focus = (path: string) => {
    const node = form.getInputNode(path);
    if (node && "focus" in node) (node as HTMLElement).focus();
  };

  const run = async (values: V) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(undefined);
    setStale(false);
    try {
      const result = await save(values);
      leaving.current = true;
      await onSaved(result, values);
    } catch (error) {
      // The sign-in overlay is on its way; the form only waits to be sent again.
      if (isApiError(error, 401)) return;
      if (isApiError(error, 412)) {
        setStale(true);
        setFailure(t("errors.conflict"));
        return;
      }
      const field = isApiError(error) ? error.field : undefined;
      const path = field && (fields?.(field) ?? field);
      if (path && form.getInputNode(path)) {
        form.setFieldError(path, errorText(error, t));
        focus(path);
      } else {
        setFailure(errorText(error, t));
      }
    } finally {
      leaving.current = false;
      running.current = false;
      setBusy(false);
    }
  };

  const refused = (errors: Record<string, unknown>) => {
    setFailure(t("errors.fix"));
    const first = Object.keys(errors)[0];
    if (first) focus(first);
  };
  const submit: Saving["submit"] = (event) =>
    form.onSubmit((values) => void run(values), refused)(event);
  return { submit, busy, failure, stale };
}

type FormProps = {
  saving: Saving;
  submitLabel: string;
  onCancel?: () => void;
  readOnly?: boolean;
  /** Sending it destroys something. */
  danger?: boolean;
  children: ReactNode;
};

/** The body of a form with its summary of failures and its buttons; Ctrl+S and Ctrl+Enter save. */
export function Form({ saving, submitLabel, onCancel, readOnly, danger, children }: FormProps) {
  const { t } = useTranslation();
  const element = useRef<HTMLFormElement>(null);
  const summary = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey)) return;
      if (event.code !== "KeyS" && event.code !== "Enter") return;
      event.preventDefault();
      element.current?.requestSubmit();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  useEffect(() => {
    if (saving.failure) summary.current?.scrollIntoView({ block: "nearest" });
  }, [saving.failure]);

  return (
    <form ref={element} onSubmit={saving.submit} noValidate className={classes.form}>
      <div ref={summary} className={classes.summaryPlace}>
        {saving.failure && (
          <Alert
            color="red"
            role="alert"
            icon={<IconAlertTriangle size={18} />}
            className={classes.summary}
          >
            {saving.failure}
            {saving.stale && (
              <Button
                mt="xs"
                size="xs"
                variant="light"
                color="red"
                display="block"
                onClick={() => window.location.reload()}
              >
                {t("actions.reload")}
              </Button>
            )}
          </Alert>
        )}
      </div>
      <fieldset disabled={readOnly} className={classes.fields}>
        {children}
      </fieldset>
      <div className={classes.footer}>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {readOnly ? t("actions.close") : t("actions.cancel")}
          </Button>
        )}
        {!readOnly && (
          <Button type="submit" color={danger ? "red" : undefined} loading={saving.busy}>
            {submitLabel}
          </Button>
        )}
      </div>
    </form>
  );
}

/** The drawer that small forms live in; it closes through `onClose`, which asks when needed. */
export function FormDrawer({
  title,
  opened,
  onClose,
  stay,
  children,
}: {
  title: string;
  opened: boolean;
  onClose: () => void;
  /** Closes by its buttons only: it shows what will not be shown again. */
  stay?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      position="right"
      size={600}
      closeOnClickOutside={!stay}
      closeOnEscape={!stay}
      closeButtonProps={{ "aria-label": t("actions.close") }}
    >
      {children}
    </Drawer>
  );
}

/** A titled part of a long form. */
export function Section({
  title,
  description,
  children,
}: {
  title: string;
  description?: string;
  children: ReactNode;
}) {
  return (
    <section className={classes.section}>
      <h2 className={classes.sectionTitle}>{title}</h2>
      {description && <p className={classes.sectionText}>{description}</p>}
      <div className={classes.fields}>{children}</div>
    </section>
  );
}
