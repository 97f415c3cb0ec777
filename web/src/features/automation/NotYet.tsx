import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { infoQuery } from "@/api/queries";

/** Says so where the server only stores what this page is about. */
export function NotYet({ capability, inCard = false }: { capability: "scheduler" | "webhooks"; inCard?: boolean }) {
  const { t } = useTranslation("automation");
  const info = useQuery(infoQuery());
  if (info.data === undefined || info.data.capabilities.includes(capability)) return null;
  return (
    <Alert color="yellow" icon={<IconInfoCircle size={18} />} m={inCard ? "xs" : 0} mb={inCard ? 0 : "md"} py="xs">
      {t(`notYet.${capability}`)}
    </Alert>
  );
}
