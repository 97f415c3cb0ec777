import {
  IconBolt,
  IconBox,
  IconBrandDocker,
  IconBrandGolang,
  IconBrandPowershell,
  IconBrandPython,
  IconBrandTerraform,
  IconCloud,
  IconCode,
  IconDatabase,
  IconFlask,
  IconLetterA,
  IconRocket,
  IconServer2,
  IconTerminal2,
  IconTools,
  type TablerIcon,
} from "@tabler/icons-react";

/** Icons by the names that apps carry; a name that is not here shows as tools. */
export const appIcons: Readonly<Record<string, TablerIcon>> = {
  ansible: IconLetterA,
  bash: IconTerminal2,
  python: IconBrandPython,
  terraform: IconBrandTerraform,
  tofu: IconBrandTerraform,
  terragrunt: IconBrandTerraform,
  powershell: IconBrandPowershell,
  pulumi: IconCloud,
  bolt: IconBolt,
  box: IconBox,
  cloud: IconCloud,
  code: IconCode,
  database: IconDatabase,
  docker: IconBrandDocker,
  flask: IconFlask,
  golang: IconBrandGolang,
  rocket: IconRocket,
  server: IconServer2,
  tools: IconTools,
};

/** The icon for an app: by the name it carries, else by its id. */
export function appIcon(id: string, icon?: string): TablerIcon {
  return appIcons[icon ?? ""] ?? appIcons[id] ?? IconTools;
}

export const builtinApps = new Set(["ansible", "terraform", "terragrunt", "tofu", "bash", "powershell", "python", "pulumi"]);
