import { Kbd, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./Shell.module.css";

const rows = [
  ["g h", "home"],
  ["g p", "projects"],
  ["g o", "overview"],
  ["g t", "templates"],
  ["g r", "runs"],
  ["g s", "schedules"],
  ["g i", "inventories"],
  ["g v", "variables"],
  ["g k", "keys"],
  ["g e", "repositories"],
  ["/", "filter"],
  ["c", "create"],
  ["j k", "rows"],
  ["Enter", "open"],
  ["[", "nav"],
  ["Ctrl S", "save"],
  ["Esc", "close"],
  ["?", "help"],
] as const;

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("shortcuts.title")}
      closeButtonProps={{ "aria-label": t("actions.close") }}
    >
      <dl className={classes.shortcuts}>
        {rows.map(([keys, name]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{t(`shortcuts.${name}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
