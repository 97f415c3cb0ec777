import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import i18n from "@/i18n";
import { errorText } from "./errorText";

export function toastDone(message: ReactNode): void {
  notifications.show({ message, color: "green", icon: <IconCheck size={16} />, role: "status" });
}

/** Failures stay until they are closed. */
export function toastError(error: unknown): void {
  notifications.show({
    message: errorText(error, i18n.t),
    color: "red",
    icon: <IconAlertTriangle size={16} />,
    autoClose: false,
    role: "alert",
  });
}
