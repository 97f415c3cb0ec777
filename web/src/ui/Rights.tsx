import { Checkbox } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { permission, type Permission } from "@/api/permissions";
import classes from "./Rights.module.css";

/** All permissions, in the order of their bits. */
export const permissions = Object.keys(permission) as Permission[];

export const holds = (mask: number, p: Permission): boolean => (mask & permission[p]) !== 0;

/** The permissions of a mask that somebody may not hand on, because they lack them. */
export function beyond(mask: number, can: (p: Permission) => boolean): Permission[] {
  return permissions.filter((p) => holds(mask, p) && !can(p));
}

/** What a mask allows in a project, in a few words. */
export function useRightsText() {
  const { t } = useTranslation("roles");
  return (mask: number) =>
    permissions
      .filter((p) => holds(mask, p))
      .map((p) => t(`rights.${p}`))
      .join(", ") || t("rights.none");
}

type Props = {
  legend: string;
  /** Those that can be given here. */
  of?: readonly Permission[];
  /** What each is called here, and what it means. */
  name: (p: Permission) => string;
  help: (p: Permission) => string;
  value: number;
  onChange: (mask: number) => void;
  /** Nobody gives others what they lack themselves. */
  can: (p: Permission) => boolean;
};

/** A mask as boxes to tick, each with what it allows. */
export function RightsFields({ legend, of = permissions, name, help, value, onChange, can }: Props) {
  const { t } = useTranslation("roles");
  return (
    <fieldset className={classes.rights}>
      <legend className={classes.legend}>{legend}</legend>
      {of.map((p) => (
        <Checkbox
          key={p}
          label={name(p)}
          description={can(p) ? help(p) : t("rights.lacking")}
          disabled={!can(p)}
          checked={holds(value, p)}
          onChange={() => onChange(value ^ permission[p])}
        />
      ))}
    </fieldset>
  );
}
