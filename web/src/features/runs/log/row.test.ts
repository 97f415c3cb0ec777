import { describe, expect, it } from "vitest";
import { parseAnsi } from "./ansi";
import { DARK } from "./colour";
import { matcherFor } from "./find";
import { Row, type RowContext } from "./row";

const ESC = "\u001b";
const context: RowContext = {
  theme: DARK,
  time: () => "12:00",
  matcher: null,
  texts: { showAll: (n) => `show ${String(n)}`, continues: "continues", loading: "…", lineLink: (n) => `line ${String(n)}` },
};
const line = (text: string, partial = false) => ({ seq: 7, text, time: 0, partial });
const bound = (text: string, over: Partial<RowContext> = {}, expanded = false) => {
  const row = new Row();
  row.bind(7, line(text), parseAnsi(text), expanded, 1, { ...context, ...over });
  return row.element;
};
const shown = (element: HTMLElement) => element.lastElementChild?.textContent;

describe("Row", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    `${ESC}[31m<iframe src="javascript:alert(1)">${ESC}[0m`,
    '"><svg onload=alert(1)>',
    "&lt;b&gt;",
  ])("shows %j as text and nothing else", (text) => {
    const element = bound(text);
    expect(element.querySelector("script, img, iframe, svg, b")).toBeNull();
    expect(shown(element)).toBe(text.replace(new RegExp(`${ESC}\\[\\d+m`, "g"), ""));
  });

  it("links web addresses safely, and no other schemes", () => {
    const links = [...bound("https://a.example/x javascript:alert(1) data:text/html,x").querySelectorAll("a[target]")];
    expect(links.map((a) => a.getAttribute("href"))).toEqual(["https://a.example/x"]);
    expect(links[0]?.getAttribute("rel")).toContain("noopener");
  });

  it("cuts long lines until all is asked for", () => {
    const text = "x".repeat(9000);
    expect(bound(text).querySelector("button")?.textContent).toBe("show 5000");
    expect(bound(text, {}, true).querySelector("button")).toBeNull();
    expect(shown(bound(text, {}, true))).toHaveLength(9000);
  });

  it("marks matches", () => {
    const matcher = matcherFor({ text: "needle", regex: false, matchCase: false });
    expect(bound("a Needle in hay", { matcher }).querySelector("mark")?.textContent).toBe("Needle");
  });

  it("forgets what it showed before when it is used again", () => {
    const row = new Row();
    row.bind(1, line(`${ESC}[31mred`), parseAnsi(`${ESC}[31mred`), false, 1, context);
    row.bind(2, undefined, [], false, 1, context);
    expect(shown(row.element)).toBe("…");
    row.bind(3, line("plain"), parseAnsi("plain"), false, 1, context);
    expect(shown(row.element)).toBe("plain");
    expect(row.element.dataset.seq).toBe("3");
  });
});
