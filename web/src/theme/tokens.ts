// The design tokens: the one place where colours are written down. They become CSS variables
// (`--sb-…`) for both colour schemes through the Mantine variables resolver.

export const statusNames = [
  "waiting",
  "starting",
  "running",
  "waiting_confirmation",
  "confirmed",
  "rejected",
  "success",
  "error",
  "stopping",
  "stopped",
] as const;

export type StatusName = (typeof statusNames)[number];

type Scheme = "light" | "dark";
type TextOnTint = { text: string; tint: string };

const base: Record<Scheme, Record<string, string>> = {
  light: {
    bg: "#F7F8FA",
    surface: "#FFFFFF",
    raised: "#FFFFFF",
    text: "#1B1F24",
    "text-dim": "#57606A",
    line: "#E2E6EB",
    "control-line": "#7F8996",
    brand: "#0E7490",
    "brand-hover": "#0B647C",
    "brand-tint": "#E0F2F6",
    "on-brand": "#FFFFFF",
    hover: "#EEF1F5",
    danger: "#B3201B",
    "danger-hover": "#971A16",
    "on-danger": "#FFFFFF",
    "log-bg": "#FBFCFD",
  },
  dark: {
    bg: "#0F1216",
    surface: "#14171C",
    raised: "#1B2027",
    text: "#E6EAF0",
    "text-dim": "#9AA4B2",
    line: "#2A3038",
    "control-line": "#6A7482",
    brand: "#4CC9E0",
    "brand-hover": "#6FD6E8",
    "brand-tint": "#12303A",
    "on-brand": "#0F1216",
    hover: "#20262E",
    danger: "#FF8F87",
    "danger-hover": "#FFA9A3",
    "on-danger": "#0F1216",
    "log-bg": "#0F1216",
  },
};

const status: Record<Scheme, Record<StatusName, TextOnTint>> = {
  light: {
    waiting: { text: "#475569", tint: "#EEF2F6" },
    starting: { text: "#0F5FA8", tint: "#E3F0FC" },
    running: { text: "#1257C7", tint: "#E2ECFE" },
    waiting_confirmation: { text: "#8A4B00", tint: "#FFF1DB" },
    confirmed: { text: "#0B6B75", tint: "#DDF4F5" },
    rejected: { text: "#8E2B6B", tint: "#FBE6F3" },
    success: { text: "#146C34", tint: "#E1F5E7" },
    error: { text: "#B3201B", tint: "#FDE7E5" },
    stopping: { text: "#6B5300", tint: "#FBF3D0" },
    stopped: { text: "#57534E", tint: "#F0EFED" },
  },
  dark: {
    waiting: { text: "#A8B5C7", tint: "#232B36" },
    starting: { text: "#7CBDF5", tint: "#15283B" },
    running: { text: "#8AB4FF", tint: "#14264A" },
    waiting_confirmation: { text: "#F7B955", tint: "#3A2A10" },
    confirmed: { text: "#5FD0D9", tint: "#0F2E31" },
    rejected: { text: "#F19BD0", tint: "#3A1A30" },
    success: { text: "#6FD48C", tint: "#12301C" },
    error: { text: "#FF8F87", tint: "#3D1614" },
    stopping: { text: "#E2C65A", tint: "#33290C" },
    stopped: { text: "#BDB6AE", tint: "#2B2926" },
  },
};

const ansi: Record<Scheme, Record<string, string>> = {
  light: {
    black: "#1F2328",
    red: "#B3201B",
    green: "#146C34",
    yellow: "#7A5600",
    blue: "#1257C7",
    magenta: "#8E2B6B",
    cyan: "#0B6B75",
    white: "#57606A",
  },
  dark: {
    black: "#8B949E",
    red: "#FF8F87",
    green: "#6FD48C",
    yellow: "#E2C65A",
    blue: "#8AB4FF",
    magenta: "#F19BD0",
    cyan: "#5FD0D9",
    white: "#E6EDF3",
  },
};

/** All tokens of one scheme as CSS variables: `--sb-text`, `--sb-status-running-tint`, `--sb-ansi-red`. */
export function cssVariables(scheme: Scheme): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(base[scheme])) out[`--sb-${name}`] = value;
  for (const [name, pair] of Object.entries(status[scheme])) {
    out[`--sb-status-${name}`] = pair.text;
    out[`--sb-status-${name}-tint`] = pair.tint;
  }
  for (const [name, value] of Object.entries(ansi[scheme])) out[`--sb-ansi-${name}`] = value;
  return out;
}

export const fonts = {
  sans: '"Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif',
  mono: '"JetBrains Mono Variable", ui-monospace, "SFMono-Regular", Consolas, monospace',
};
