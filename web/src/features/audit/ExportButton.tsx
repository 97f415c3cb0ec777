import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useAuditSearch } from "./Activity";
import { exportAddress } from "./api";

/** Saves all that the filters leave; the browser writes it to the disk as it comes. */
export function ExportButton({ project }: { project?: number }) {
  const { t } = useTranslation("audit");
  const [search] = useAuditSearch();
  return (
    <Button
      component="a"
      href={exportAddress(project, search)}
      download
      variant="default"
      leftSection={<IconDownload size={16} />}
      title={t("exportHelp")}
    >
      {t("export")}
    </Button>
  );
}
