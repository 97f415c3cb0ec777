import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAlertOctagon,
  IconArrowBarToDown,
  IconClock,
  IconDots,
  IconDownload,
  IconMaximize,
  IconMinimize,
  IconSearch,
  IconTextWrap,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { downloadUrl } from "../api";
import { timeModes, type TimeMode } from "./times";
import classes from "./toolbar.module.css";

export interface ToolbarProps {
  readonly projectId: number;
  readonly taskId: number;
  readonly summary: ReactNode;
  readonly following: boolean;
  readonly wrap: boolean;
  readonly time: TimeMode;
  readonly full: boolean;
  readonly reading: boolean;
  readonly onFind: () => void;
  readonly onGoTo: () => void;
  readonly onFirstError: () => void;
  readonly onFollow: () => void;
  readonly onWrap: () => void;
  readonly onTime: (mode: TimeMode) => void;
  readonly onFull: () => void;
  readonly onReading: () => void;
}

export function LogToolbar(props: ToolbarProps) {
  const { t } = useTranslation("runs");
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t("log.toolbar")} tabIndex={-1} onKeyDown={moveFocus}>
      <Tool label={t("log.find")} keys="Ctrl F" onClick={props.onFind} icon={<IconSearch size={16} />} />
      <Tool label={t("log.firstError")} keys="E" onClick={props.onFirstError} icon={<IconAlertOctagon size={16} />} />
      {props.summary}
      <Button
        className={classes.follow}
        size="compact-sm"
        variant={props.following ? "light" : "subtle"}
        color={props.following ? "brand" : "gray"}
        aria-pressed={props.following}
        leftSection={<IconArrowBarToDown size={16} />}
        onClick={props.onFollow}
      >
        <span className={classes.followText}>{t("log.follow")}</span>
      </Button>
      <TimeMenu time={props.time} onTime={props.onTime} />
      <Tool label={t("log.wrap")} keys="W" pressed={props.wrap} onClick={props.onWrap} icon={<IconTextWrap size={16} />} />
      <DownloadMenu projectId={props.projectId} taskId={props.taskId} />
      <Tool
        label={t(props.full ? "log.leaveFull" : "log.full")}
        pressed={props.full}
        onClick={props.onFull}
        icon={props.full ? <IconMinimize size={16} /> : <IconMaximize size={16} />}
      />
      <MoreMenu {...props} />
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly keys?: string;
  readonly pressed?: boolean;
  readonly icon: ReactNode;
  readonly onClick: () => void;
}

function Tool({ label, keys, pressed, icon, onClick }: ToolProps) {
  return (
    <Tooltip label={keys === undefined ? label : `${label} (${keys})`}>
      <ActionIcon
        variant={pressed === true ? "light" : "subtle"}
        color={pressed === true ? "brand" : "gray"}
        size={28}
        aria-label={label}
        aria-pressed={pressed}
        onClick={onClick}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

function TimeMenu({ time, onTime }: { time: TimeMode; onTime: (mode: TimeMode) => void }) {
  const { t } = useTranslation("runs");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("log.times")} title={t("log.times")}>
          <IconClock size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("log.times")}</Menu.Label>
        <Menu.RadioGroup value={time} onChange={(value) => onTime(value as TimeMode)}>
          {timeModes.map((mode) => (
            <Menu.RadioItem key={mode} value={mode}>
              {t(`log.time.${mode}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

export function DownloadItems({ projectId, taskId }: { projectId: number; taskId: number }) {
  const { t } = useTranslation("runs");
  const kinds = [
    { name: "text", options: {} },
    { name: "times", options: { times: true } },
    { name: "ansi", options: { ansi: true } },
  ] as const;
  return kinds.map(({ name, options }) => (
    <Menu.Item key={name} component="a" href={downloadUrl(projectId, taskId, options)} download>
      {t(`download.${name}`)}
    </Menu.Item>
  ));
}

function DownloadMenu({ projectId, taskId }: { projectId: number; taskId: number }) {
  const { t } = useTranslation("runs");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("download.label")} title={t("download.label")}>
          <IconDownload size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("download.label")}</Menu.Label>
        <DownloadItems projectId={projectId} taskId={taskId} />
      </Menu.Dropdown>
    </Menu>
  );
}

function MoreMenu({ reading, onGoTo, onReading }: ToolbarProps) {
  const { t } = useTranslation("runs");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("log.more")} title={t("log.more")}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onGoTo}>{t("goTo.label")}</Menu.Item>
        <Menu.CheckboxItem checked={reading} onChange={onReading}>
          {t("log.read")}
        </Menu.CheckboxItem>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Arrow keys move between the tools, as in any toolbar. */
function moveFocus(event: React.KeyboardEvent<HTMLElement>) {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const tools = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = tools.indexOf(document.activeElement as HTMLElement);
  if (at === -1) return;
  event.preventDefault();
  tools[(at + step + tools.length) % tools.length]?.focus();
}
