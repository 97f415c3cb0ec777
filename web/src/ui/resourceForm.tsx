import type { UseFormReturnType } from "@mantine/form";
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Form, type Saving, useSave } from "./form";
import { toastDone } from "./toast";

/** What the drawer of a list hands to the form of one of its objects; without an item a new one is made. */
export type ResourceFormProps<T> = {
  project: number;
  item?: T;
  readOnly: boolean;
  onClose: () => void;
  onSaved: () => Promise<void>;
};

type Options<V> = {
  form: UseFormReturnType<V, V>;
  save: (values: V) => Promise<unknown>;
  /** What the object is called afterwards. */
  name: (values: V) => string;
  /** The queries that a saved object shows in. */
  refresh: QueryKey;
  /** The server's names of fields to the form's. */
  fields?: (field: string) => string;
  /** Typed secrets do not outlive the form. */
  forget?: boolean;
};

/** Saves an object of a list: reads the list again, says so, and closes the drawer. */
export function useResourceSave<T, V>({ item, onSaved }: ResourceFormProps<T>, options: Options<V>): Saving {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { form, save, name, refresh, fields, forget } = options;
  return useSave({
    form,
    fields,
    save,
    onSaved: async (_, values) => {
      if (forget) {
        // The drawer closes first, or it would show the values from before.
        await onSaved();
        form.reset();
      }
      await client.invalidateQueries({ queryKey: refresh });
      toastDone(t(item ? "form.saved" : "form.created", { name: name(values).trim() }));
      if (!forget) await onSaved();
    },
  });
}

/** The body of such a form with its buttons. */
export function ResourceForm<T>({
  saving,
  item,
  readOnly,
  onClose,
  children,
}: ResourceFormProps<T> & { saving: Saving; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Form
      saving={saving}
      submitLabel={item ? t("actions.save") : t("actions.create")}
      onCancel={onClose}
      readOnly={readOnly}
    >
      {children}
    </Form>
  );
}
