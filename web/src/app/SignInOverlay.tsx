import { Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { live } from "@/api/live";
import { sessionFound } from "@/api/session";
import { LoginForm } from "@/features/auth/LoginForm";

/** On top of the page when the session ended: what was typed stays where it is. */
export default function SignInOverlay() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const signedIn = async () => {
    sessionFound();
    live.retryNow();
    await client.invalidateQueries();
  };
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      centered
      title={t("expired.title")}
    >
      <p className="dim">{t("expired.text")}</p>
      <LoginForm onDone={signedIn} />
    </Modal>
  );
}
