import {
  IconArrowRight,
  IconDownload,
  IconEye,
  IconHelp,
  IconMinus,
  IconPencil,
  IconPlus,
  IconReplace,
  IconUnlink,
  type TablerIcon,
} from "@tabler/icons-react";
import { actions } from "./summary";
import classes from "./plan.module.css";

const icons: Record<(typeof actions)[number], TablerIcon> = {
  delete: IconMinus,
  replace: IconReplace,
  forget: IconUnlink,
  update: IconPencil,
  create: IconPlus,
  import: IconDownload,
  move: IconArrowRight,
  read: IconEye,
};

function known(action: string): action is (typeof actions)[number] {
  return (actions as readonly string[]).includes(action);
}

/** The sign of an action: a shape of its own for each, in its colour. */
export function ActionMark({ action }: { action: string }) {
  const Icon = known(action) ? icons[action] : IconHelp;
  return (
    <span className={classes.mark} data-action={action} aria-hidden>
      <Icon size={14} stroke={2.25} />
    </span>
  );
}

/** The word for an action; one this version does not know shows as it came. */
export function actionWord(t: (key: string) => string, action: string): string {
  return known(action) ? t(`plan.action.${action}`) : action;
}
