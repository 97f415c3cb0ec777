import { useQuery } from "@tanstack/react-query";
import {
  IconBrandPowershell,
  IconBrandPython,
  IconBrandTerraform,
  IconLetterA,
  IconTerminal2,
  IconTools,
  type TablerIcon,
} from "@tabler/icons-react";
import { appsQuery } from "@/api/queries";
import classes from "./templates.module.css";

const icons: Record<string, TablerIcon> = {
  ansible: IconLetterA,
  bash: IconTerminal2,
  python: IconBrandPython,
  terraform: IconBrandTerraform,
  tofu: IconBrandTerraform,
  powershell: IconBrandPowershell,
};

/** The program of a template with its icon; an unknown one shows as it is called. */
export function AppName({ app }: { app?: string }) {
  const apps = useQuery(appsQuery());
  if (!app) return "–";
  const Icon = icons[app] ?? IconTools;
  const title = apps.data?.find((a) => a.id === app)?.title || app;
  return (
    <span className={classes.appName}>
      <Icon size={16} stroke={1.75} aria-hidden />
      {title}
    </span>
  );
}
