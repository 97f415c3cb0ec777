import { describe, expect, it, vi } from "vitest";
import { parseAnsi } from "./ansi";
import { Finder, firstError, looksLikeError, matcherFor, nearestMatch, nextError, type FindState, type ServerSearch } from "./find";
import { newLines, nextFollow, type Follow } from "./follow";
import { lineHash, parseLineHash, pickLines } from "./lines";
import { toPieces } from "./pieces";
import { LogStore } from "./store";
import { elapsed, isoWithZone } from "./times";

const ESC = "\u001b";

describe("follow", () => {
  const on: Follow = { on: true, seen: 0 };

  it("is left at once by scrolling up, and counts what comes after", () => {
    const off = nextFollow(on, { kind: "scrolled", up: true, atEnd: false, total: 100 });
    expect(off).toEqual({ on: false, seen: 100 });
    expect(newLines(off, 228)).toBe(128);
    expect(newLines(on, 228)).toBe(0);
  });

  it("survives scroll events that are not the reader's wish to leave", () => {
    expect(nextFollow(on, { kind: "scrolled", up: false, atEnd: false, total: 5 })).toBe(on);
    expect(nextFollow(on, { kind: "scrolled", up: true, atEnd: true, total: 5 })).toBe(on);
  });

  it("resumes at the end or on request", () => {
    const off: Follow = { on: false, seen: 10 };
    expect(nextFollow(off, { kind: "scrolled", up: false, atEnd: true, total: 20 }).on).toBe(true);
    expect(nextFollow(off, { kind: "scrolled", up: false, atEnd: false, total: 20 })).toBe(off);
    expect(nextFollow(off, { kind: "scrolled", up: true, atEnd: true, total: 20 })).toBe(off);
    expect(nextFollow(off, { kind: "resume", total: 20 })).toEqual({ on: true, seen: 20 });
    expect(nextFollow(off, { kind: "leave", total: 20 })).toBe(off);
  });
});

describe("line links", () => {
  it.each([
    ["#L93", { from: 93, to: 93 }],
    ["L120-L140", { from: 120, to: 140 }],
    ["#L140-120", { from: 120, to: 140 }],
    ["#L0", null],
    ["#top", null],
    ["", null],
  ])("%s", (hash, range) => {
    expect(parseLineHash(hash)).toEqual(range);
  });

  it("writes what it reads", () => {
    expect(lineHash({ from: 3, to: 3 })).toBe("L3");
    expect(parseLineHash(lineHash({ from: 3, to: 9 }))).toEqual({ from: 3, to: 9 });
  });

  it("extends with shift in both directions", () => {
    expect(pickLines(null, 5, true)).toEqual({ from: 5, to: 5 });
    expect(pickLines({ from: 5, to: 5 }, 9, true)).toEqual({ from: 5, to: 9 });
    expect(pickLines({ from: 5, to: 9 }, 2, true)).toEqual({ from: 2, to: 9 });
    expect(pickLines({ from: 5, to: 9 }, 7, false)).toEqual({ from: 7, to: 7 });
  });
});

describe("pieces", () => {
  const texts = (line: string, query: string) =>
    toPieces(parseAnsi(line), matcherFor({ text: query, regex: false, matchCase: false }), 4000);

  it("marks a match across colours", () => {
    const pieces = texts(`a${ESC}[31mbc${ESC}[0md`, "ABCD");
    expect(pieces.map((p) => [p.text, p.mark])).toEqual([
      ["a", true],
      ["bc", true],
      ["d", true],
    ]);
  });

  it("links only web addresses, without the sentence's punctuation", () => {
    const pieces = texts("see (https://x.example/a?b=1). javascript://y", "");
    expect(pieces.filter((p) => p.href !== null).map((p) => p.href)).toEqual(["https://x.example/a?b=1"]);
    expect(pieces.map((p) => p.text).join("")).toBe("see (https://x.example/a?b=1). javascript://y");
  });

  it("cuts long lines", () => {
    expect(toPieces(parseAnsi("x".repeat(9000)), null, 4000).map((p) => p.text.length)).toEqual([4000]);
  });
});

describe("find", () => {
  const filled = (texts: string[]) => {
    const store = new LogStore(() => Promise.reject(new Error("not needed")));
    store.append(texts.map((text, i) => ({ seq: i + 1, text, time: 0, partial: false })));
    return store;
  };
  const query = { text: "web", regex: false, matchCase: false };
  const noServer: ServerSearch = () => Promise.reject(new Error("no server"));

  it("searches what is here without the server, and keeps up", async () => {
    const store = filled(["ok: [WEB1]", "x", `${ESC}[31mw${ESC}[0meb`]);
    let state: FindState | null = null;
    const finder = new Finder(store, noServer, query, (s) => (state = s));
    await finder.advance();
    expect(state).toMatchObject({ matches: [1, 3], busy: false, error: null });
    store.append([{ seq: 4, text: "web2", time: 0, partial: false }]);
    await finder.advance();
    expect(state).toMatchObject({ matches: [1, 3, 4] });
  });

  it("pages through the server for expressions and reports its objection", async () => {
    const store = filled(["a", "b", "c"]);
    const server = vi
      .fn<ServerSearch>()
      .mockResolvedValueOnce({ matches: [1], next: 1, scanned: 1 })
      .mockResolvedValueOnce({ matches: [3], next: 0, scanned: 2 });
    const states: FindState[] = [];
    const finder = new Finder(store, server, { ...query, regex: true }, (s) => states.push(s));
    await finder.advance();
    expect(states.at(-1)).toMatchObject({ matches: [1, 3], busy: false });
    expect(server.mock.calls.map((c) => c[1])).toEqual([0, 1]);

    // New lines are searched from where the last page ended.
    server.mockResolvedValueOnce({ matches: [4], next: 0, scanned: 1 });
    store.append([{ seq: 4, text: "d", time: 0, partial: false }]);
    await finder.advance();
    expect(server.mock.calls.at(-1)?.[1]).toBe(3);
    expect(states.at(-1)?.matches).toEqual([1, 3, 4]);

    const failing = new Finder(store, () => Promise.reject(new Error("bad expression")), { ...query, regex: true }, (s) =>
      states.push(s),
    );
    await failing.advance();
    expect(states.at(-1)?.error).toBe("bad expression");
  });

  it("reports nothing once stopped", async () => {
    const report = vi.fn();
    const finder = new Finder(filled(["web"]), noServer, query, report);
    finder.stop();
    await finder.advance();
    expect(report).not.toHaveBeenCalled();
  });

  it("ignores a bad expression when marking", () => {
    expect(matcherFor({ text: "(", regex: true, matchCase: false })).toBeNull();
    expect(matcherFor({ text: "a.c", regex: false, matchCase: true })?.("abc a.c A.C")).toEqual([[4, 7]]);
    expect(matcherFor({ text: "x*", regex: true, matchCase: false })?.("ab")).toEqual([]);
  });

  it("starts at the match nearest below", () => {
    expect(nearestMatch([3, 8, 20], 8)).toBe(1);
    expect(nearestMatch([3, 8, 20], 21)).toBe(0);
    expect(nearestMatch([], 1)).toBe(-1);
  });

  it("walks from error to error and round the ends", async () => {
    const store = filled(["ERROR a", "x", "fatal: [b]", "y", "error: c"]);
    expect(await nextError(store, noServer, 1, 1)).toBe(3);
    expect(await nextError(store, noServer, 5, 1)).toBe(1);
    expect(await nextError(store, noServer, 3, -1)).toBe(1);
    expect(await nextError(store, noServer, 1, -1)).toBe(5);
    expect(await nextError(filled(["fine"]), noServer, 1, 1)).toBe(0);
  });

  it("knows errors when it sees them", async () => {
    expect(looksLikeError(`${ESC}[0;31mfatal: [db2]: FAILED! => {}${ESC}[0m`)).toBe(true);
    expect(looksLikeError("ERROR! no inventory")).toBe(true);
    expect(looksLikeError("web1 : ok=3 changed=0 failed=0")).toBe(false);
    const signal = new AbortController().signal;
    expect(await firstError(filled(["ok", "fatal: [a]: x"]), noServer, signal)).toBe(2);
    expect(await firstError(filled(["ok"]), noServer, signal)).toBe(0);

    const long = filled(["ok"]);
    long.end(9000);
    const slow = vi
      .fn<ServerSearch>()
      .mockResolvedValueOnce({ matches: [], next: 4000, scanned: 3999 })
      .mockResolvedValueOnce({ matches: [8123], next: 0, scanned: 5000 });
    expect(await firstError(long, slow, signal)).toBe(8123);
  });
});

describe("times", () => {
  it("shows time since the start", () => {
    expect(elapsed(0, false)).toBe("00:00.0");
    expect(elapsed(75_640, false)).toBe("01:15.6");
    expect(elapsed(3_675_640, false)).toBe("1:01:15.6");
    expect(elapsed(75_640, true)).toBe("01:15");
    expect(elapsed(3_675_640, true)).toBe("1h01");
  });

  it("writes ISO times with the zone", () => {
    const text = isoWithZone(Date.UTC(2026, 10, 23, 12, 0, 0, 5));
    expect(text).toMatch(/^2026-11-2\dT\d\d:\d\d:00\.005[+-]\d\d:\d\d$/);
    expect(new Date(text).getTime()).toBe(Date.UTC(2026, 10, 23, 12, 0, 0, 5));
  });
});
