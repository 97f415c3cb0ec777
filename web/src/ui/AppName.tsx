import { useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createElement } from "react";
import { appsQuery } from "@/api/queries";
import { appIcon } from "./appIcons";
import classes from "./AppName.module.css";

/** The program of a template with its icon; an unknown one shows as it is called. */
export function AppName({ app }: { app?: string }) {
  const apps = useQuery(appsQuery());
  const scheme = useComputedColorScheme("light");
  if (!app) return "–";
  const known = apps.data?.find((a) => a.id === app);
  const color = (scheme === "dark" ? known?.dark_color || known?.color : known?.color) || undefined;
  return (
    <span className={classes.appName}>
      {createElement(appIcon(app, known?.icon), { size: 16, stroke: 1.75, color, "aria-hidden": true })}
      {known?.title || app}
    </span>
  );
}
