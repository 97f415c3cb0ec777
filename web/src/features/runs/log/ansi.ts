/**
 * Turns one line of program output into styled text pieces.
 *
 * The input is hostile by assumption: whatever it holds, the result is a list of
 * plain strings with a style, made for text nodes. Nothing here produces HTML.
 */

/** A colour as the program asked for it: palette index 0-255, or red, green, blue. */
export type Colour = number | readonly [number, number, number];

export interface Style {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
  /** Stands for a character that must not act: a control or a direction mark. */
  readonly symbol?: boolean;
}

export interface Segment {
  readonly text: string;
  readonly style: Style | null;
}

/* eslint-disable no-control-regex -- control characters are the subject of this file */
const INTERESTING =
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const PLAIN_RUN =
  /[^\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/y;
// CSI: parameters, intermediates, one final byte.
const CSI = /\x1b\[([0-?]*)([ -/]*)([@-~])/y;
// OSC, DCS, SOS, PM, APC: up to BEL or the string terminator.
const CONTROL_STRING = /\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)/y;
// Two-character and charset escapes.
const SHORT_ESCAPE = /\x1b[ -/]*[0-Z\\`-~]/y;
/* eslint-enable no-control-regex */

const SYMBOL: Style = { symbol: true };
const MAX_PARAMS = 64;

/** Splits a line into styled segments. `collapse` keeps only the last state of a line redrawn with carriage returns. */
export function parseAnsi(line: string, collapse = true): Segment[] {
  if (!INTERESTING.test(line)) return line === "" ? [] : [{ text: line, style: null }];
  return new Parser(line, collapse).run();
}

/** The text a reader sees, without styles; the same string that searches and copies use. */
export function plainText(line: string, collapse = true): string {
  if (!INTERESTING.test(line)) return line;
  let out = "";
  for (const segment of parseAnsi(line, collapse)) out += segment.text;
  return out;
}

class Parser {
  private out: Segment[] = [];
  private style: Style | null = null;
  private text = "";
  private pos = 0;
  /** Segments before the last carriage return, restored if nothing follows it. */
  private beforeReturn: Segment[] | null = null;

  constructor(
    private readonly line: string,
    private readonly collapse: boolean,
  ) {}

  run(): Segment[] {
    while (this.pos < this.line.length) {
      if (this.plain()) continue;
      this.special(this.line.charCodeAt(this.pos));
    }
    this.flush();
    return this.out.length === 0 && this.beforeReturn !== null ? this.beforeReturn : this.out;
  }

  private plain(): boolean {
    PLAIN_RUN.lastIndex = this.pos;
    const run = PLAIN_RUN.exec(this.line);
    if (run === null) return false;
    this.text += run[0];
    this.pos = PLAIN_RUN.lastIndex;
    return true;
  }

  private special(code: number): void {
    if (code === 0x1b && this.escape()) return;
    this.pos++;
    if (code === 0x0d && this.collapse) {
      this.carriageReturn();
      return;
    }
    if (code === 0x0a || (code === 0x0d && this.pos === this.line.length)) return;
    this.flush();
    this.out.push({ text: symbolFor(code), style: SYMBOL });
  }

  private carriageReturn(): void {
    this.flush();
    if (this.out.length > 0) this.beforeReturn = this.out;
    this.out = [];
  }

  private escape(): boolean {
    CSI.lastIndex = this.pos;
    const csi = CSI.exec(this.line);
    if (csi !== null) {
      this.pos = CSI.lastIndex;
      if (csi[3] === "m" && csi[2] === "") this.sgr(csi[1] ?? "");
      return true;
    }
    // An unfinished control string matches neither, so it cannot swallow what follows.
    for (const sequence of [CONTROL_STRING, SHORT_ESCAPE]) {
      sequence.lastIndex = this.pos;
      if (sequence.test(this.line)) {
        this.pos = sequence.lastIndex;
        return true;
      }
    }
    return false;
  }

  private sgr(params: string): void {
    this.flush();
    this.style = applySgr(this.style, params);
  }

  private flush(): void {
    if (this.text === "") return;
    this.out.push({ text: this.text, style: this.style });
    this.text = "";
  }
}

function symbolFor(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  const hex = code.toString(16).toUpperCase();
  return code < 0x100 ? `\\x${hex}` : `\u2039U+${hex.padStart(4, "0")}\u203a`;
}

type MutableStyle = { -readonly [K in keyof Style]: Style[K] };

function applySgr(before: Style | null, params: string): Style | null {
  if (params === "" || params === "0") return null;
  if (/[^0-9;:]/.test(params)) return before;
  const style: MutableStyle = { ...before };
  const groups = params.split(";").slice(0, MAX_PARAMS);
  for (let i = 0; i < groups.length; i++) {
    const parts = (groups[i] ?? "").split(":").map(number);
    const code = parts[0] ?? 0;
    if (code === 38 || code === 48) {
      const colon = parts.length > 1;
      const rest = colon ? parts.slice(1) : groups.slice(i + 1, i + 5).map(number);
      const { colour, used } = extendedColour(rest, colon);
      if (colour !== undefined) style[code === 38 ? "fg" : "bg"] = colour;
      if (!colon) i += used;
      continue;
    }
    applyCode(style, code, parts[1]);
  }
  return Object.values(style).some((v) => v !== undefined) ? style : null;
}

const SWITCHES: Record<number, Partial<MutableStyle>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { strike: undefined },
  39: { fg: undefined },
  49: { bg: undefined },
};

function applyCode(style: MutableStyle, code: number, sub: number | undefined): void {
  if (code === 0) {
    for (const key of Object.keys(style) as (keyof Style)[]) delete style[key];
  } else if (code === 4 && sub === 0) style.underline = undefined;
  else if (SWITCHES[code] !== undefined) Object.assign(style, SWITCHES[code]);
  else if (code >= 30 && code <= 37) style.fg = code - 30;
  else if (code >= 40 && code <= 47) style.bg = code - 40;
  else if (code >= 90 && code <= 97) style.fg = code - 82;
  else if (code >= 100 && code <= 107) style.bg = code - 92;
  // Everything else, concealed text included, leaves the style as it is.
}

function extendedColour(rest: number[], colon: boolean): { colour?: Colour; used: number } {
  if (rest[0] === 5) {
    const index = rest[1] ?? 0;
    return index <= 255 ? { colour: index, used: 2 } : { used: 2 };
  }
  if (rest[0] === 2) {
    // The colon form may carry a colour space before the three values.
    const [r = 0, g = 0, b = 0] = colon && rest.length > 4 ? rest.slice(2) : rest.slice(1);
    return r <= 255 && g <= 255 && b <= 255 ? { colour: [r, g, b], used: 4 } : { used: 4 };
  }
  return { used: 1 };
}

function number(text: string): number {
  return text.length > 5 ? 65535 : Number(text) || 0;
}
