/** Makes the colours of program output readable on the theme they are shown on. */

import type { Colour, Style } from "./ansi";

export type Rgb = readonly [number, number, number];

export interface LogTheme {
  readonly text: Rgb;
  readonly background: Rgb;
  /** The 16 named colours, normal then bright. */
  readonly palette: readonly Rgb[];
}

/** What a text node's parent needs; absent means the default of the log. */
export interface Paint {
  readonly color?: string;
  readonly background?: string;
}

const MIN_CONTRAST = 4.5;

const hex = (value: string): Rgb => [
  parseInt(value.slice(0, 2), 16),
  parseInt(value.slice(2, 4), 16),
  parseInt(value.slice(4, 6), 16),
];
const theme = (text: string, background: string, normal: string, bright: string): LogTheme => ({
  text: hex(text),
  background: hex(background),
  palette: [...normal.split(" "), ...bright.split(" ")].map(hex),
});

export const LIGHT = theme(
  "1B1F24",
  "FBFCFD",
  "1F2328 B3201B 146C34 7A5600 1257C7 8E2B6B 0B6B75 57606A",
  "57606A C5271F 1A7A3D 855F00 1F63D6 A0327A 0D7480 1F2328",
);
export const DARK = theme(
  "E6EAF0",
  "0F1216",
  "8B949E FF8F87 6FD48C E2C65A 8AB4FF F19BD0 5FD0D9 E6EDF3",
  "9AA4B2 FFA9A3 8BE3A4 EFD779 A6C7FF F7B5DD 85E1E8 FFFFFF",
);

/** The colours for a style on a theme, corrected until the text can be read. */
export function paintFor(style: Style, on: LogTheme): Paint {
  let fg = style.fg === undefined ? undefined : resolve(style.fg, on);
  let bg = style.bg === undefined ? undefined : resolve(style.bg, on);
  if (style.inverse === true) [fg, bg] = [bg ?? on.background, fg ?? on.text];
  if (fg === undefined && bg === undefined && style.dim !== true) return {};
  const behind = bg ?? on.background;
  let front = fg ?? on.text;
  if (style.dim === true) front = mix(front, behind, 0.35);
  const color = css(readable(front, behind));
  return bg === undefined ? { color } : { color, background: css(bg) };
}

function resolve(colour: Colour, on: LogTheme): Rgb {
  if (typeof colour !== "number") return colour;
  if (colour < 16) return on.palette[colour] ?? on.text;
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = colour - 16;
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

/** Moves a colour towards black or white, whichever is further from its background, until it contrasts enough. */
export function readable(front: Rgb, behind: Rgb, wanted = MIN_CONTRAST): Rgb {
  if (contrast(front, behind) >= wanted) return front;
  const target: Rgb = contrast([255, 255, 255], behind) >= contrast([0, 0, 0], behind) ? [255, 255, 255] : [0, 0, 0];
  for (let share = 0.1; share < 1; share += 0.1) {
    const candidate = mix(front, target, share);
    if (contrast(candidate, behind) >= wanted) return candidate;
  }
  return target;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance([r, g, b]: Rgb): number {
  const part = (value: number) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const blend = (x: number, y: number) => Math.round(x + (y - x) * share);
  return [blend(a[0], b[0]), blend(a[1], b[1]), blend(a[2], b[2])];
}

function css([r, g, b]: Rgb): string {
  return `rgb(${String(r)} ${String(g)} ${String(b)})`;
}
