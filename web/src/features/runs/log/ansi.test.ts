import { describe, expect, it } from "vitest";
import { parseAnsi, plainText } from "./ansi";
import { contrast, DARK, LIGHT, paintFor, type LogTheme, type Rgb } from "./colour";

const ESC = "\u001b";

describe("parseAnsi", () => {
  it("passes plain text through as one piece", () => {
    expect(parseAnsi("ok: [web1] <b>&amp;</b>\t1")).toEqual([{ text: "ok: [web1] <b>&amp;</b>\t1", style: null }]);
    expect(parseAnsi("")).toEqual([]);
  });

  it.each([
    ["1", { bold: true }],
    ["2", { dim: true }],
    ["3", { italic: true }],
    ["4", { underline: true }],
    ["7", { inverse: true }],
    ["9", { strike: true }],
    ["31", { fg: 1 }],
    ["0;32", { fg: 2 }],
    ["93", { fg: 11 }],
    ["44", { bg: 4 }],
    ["105", { bg: 13 }],
    ["38;5;208", { fg: 208 }],
    ["48;5;17", { bg: 17 }],
    ["38;2;1;2;3", { fg: [1, 2, 3] }],
    ["38:2:1:2:3", { fg: [1, 2, 3] }],
    ["38:2::1:2:3", { fg: [1, 2, 3] }],
    ["1;38;5;9;4", { bold: true, fg: 9, underline: true }],
  ])("reads SGR %s", (code, style) => {
    expect(parseAnsi(`${ESC}[${code}mx`)).toEqual([{ text: "x", style }]);
  });

  it.each(["0", "", "39;22", "1;0", "31;39"])("SGR %j ends in the default style", (code) => {
    const last = parseAnsi(`${ESC}[31;1ma${ESC}[${code}mb`).at(-1);
    expect(last?.text).toBe("b");
    expect(last?.style?.fg ?? null).toBeNull();
  });

  it("keeps the last state of a line redrawn with carriage returns", () => {
    expect(plainText("10%\r50%\r100%")).toBe("100%");
    expect(plainText("10%\r100%\r")).toBe("100%");
    expect(plainText("text\r\n")).toBe("text");
    expect(plainText("a\rb", false)).toBe("a\u240db");
    expect(parseAnsi(`a${ESC}[31m\rb`)).toEqual([{ text: "b", style: { fg: 1 } }]);
  });

  it("shows control characters and direction marks as symbols", () => {
    expect(plainText("a\u0000b\u0007c\u007f\u009b")).toBe("a\u2400b\u2407c\u2421\\x9B");
    expect(plainText("user\u202Etxt.exe")).toBe("user\u2039U+202E\u203atxt.exe");
    expect(plainText("\u2066x\u2069\u200f\u200b\ufeff")).not.toMatch(/[\u2066\u2069\u200f\u200b\ufeff]/);
    expect(parseAnsi("\u0000")).toEqual([{ text: "\u2400", style: { symbol: true } }]);
  });

  it("drops other escape sequences", () => {
    expect(plainText(`${ESC}[2J${ESC}[10;10Ha${ESC}[Kb`)).toBe("ab");
    expect(plainText(`${ESC}]0;title\u0007a${ESC}]8;;javascript:alert(1)${ESC}\\link${ESC}]8;;${ESC}\\`)).toBe("alink");
    expect(plainText(`${ESC}(Ba${ESC}=b${ESC}7c`)).toBe("abc");
    expect(plainText(`${ESC}[?25la`)).toBe("a");
    expect(plainText(`${ESC}Pq#0${ESC}\\a`)).toBe("a");
  });

  it("does not let an unfinished sequence hide what follows", () => {
    expect(plainText(`a${ESC}]0;never ends`)).toContain("0;never ends");
    expect(plainText(`a${ESC}`)).toBe("a\u241b");
    expect(plainText(`a${ESC}[31`)).toContain("31");
  });

  it("never hides concealed text", () => {
    expect(parseAnsi(`${ESC}[8msecret`)).toEqual([{ text: "secret", style: null }]);
  });

  it("stays quick on a flood of sequences", () => {
    const flood = `${ESC}[38;2;1;2;3m`.repeat(50_000) + `${ESC}[`.repeat(50_000) + ";".repeat(50_000);
    const start = performance.now();
    parseAnsi(flood);
    parseAnsi(`${ESC}[${"1;".repeat(100_000)}m`);
    parseAnsi(`${ESC}]`.repeat(20_000));
    // Far above what it takes, far below what anything but one pass would.
    expect(performance.now() - start).toBeLessThan(15_000);
  }, 30_000);

  it.each(["38", "38;5", "38;2", "38;9;9", "38;5;999", "999999999999", ":", ";;;", "38:5"])("survives SGR %j", (code) => {
    expect(plainText(`${ESC}[${code}mx`)).toBe("x");
  });
});

describe("paintFor", () => {
  const rgb = (css: string | undefined, fallback: Rgb): Rgb =>
    (css?.match(/\d+/g)?.map(Number) as unknown as Rgb | undefined) ?? fallback;
  const ratio = (style: Parameters<typeof paintFor>[0], theme: LogTheme) => {
    const paint = paintFor(style, theme);
    return contrast(rgb(paint.color, theme.text), rgb(paint.background, theme.background));
  };

  it.each([
    ["light", LIGHT],
    ["dark", DARK],
  ])("keeps every colour readable on %s", (_name, theme) => {
    for (let fg = 0; fg < 256; fg++) {
      expect(ratio({ fg }, theme)).toBeGreaterThanOrEqual(4.5);
      expect(ratio({ fg, dim: true }, theme)).toBeGreaterThanOrEqual(4.5);
      expect(ratio({ fg, bg: fg }, theme)).toBeGreaterThanOrEqual(4.5);
      expect(ratio({ bg: fg }, theme)).toBeGreaterThanOrEqual(4.5);
      expect(ratio({ fg, inverse: true }, theme)).toBeGreaterThanOrEqual(4.5);
    }
    expect(ratio({ fg: [250, 250, 250] }, theme)).toBeGreaterThanOrEqual(4.5);
    expect(ratio({ fg: [5, 5, 5] }, theme)).toBeGreaterThanOrEqual(4.5);
    expect(ratio({ inverse: true }, theme)).toBeGreaterThanOrEqual(4.5);
  });

  it("leaves the named colours as designed", () => {
    for (const theme of [LIGHT, DARK])
      for (let fg = 0; fg < 16; fg++)
        expect(rgb(paintFor({ fg }, theme).color, theme.text)).toEqual(theme.palette[fg]);
    expect(paintFor({ bold: true }, DARK)).toEqual({});
  });
});
