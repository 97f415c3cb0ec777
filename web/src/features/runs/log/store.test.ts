import { describe, expect, it, vi } from "vitest";
import { BLOCK_LINES, type LogLine } from "./block";
import { LogStore, type FetchWindow, type WindowQuery } from "./store";

const line = (seq: number, text = `line ${String(seq)}`): LogLine => ({ seq, text, time: seq * 10, partial: false });
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));

function server(total: () => number, complete = true) {
  const asked: WindowQuery[] = [];
  const fetch: FetchWindow = (query) => {
    asked.push(query);
    const from = "tail" in query ? Math.max(1, total() - query.tail + 1) : query.after + 1;
    const to = "tail" in query ? total() : Math.min(total(), query.after + query.limit);
    return Promise.resolve({ total: total(), complete, lines: lines(from, to) });
  };
  return { fetch, asked };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("LogStore", () => {
  it("opens at the end and knows the length", async () => {
    const store = new LogStore(server(() => 5300).fetch);
    await store.open();
    expect(store.total).toBe(5300);
    expect(store.complete).toBe(true);
    expect(store.text(5300)).toBe("line 5300");
    expect(store.text(3301)).toBe("line 3301");
    expect(store.text(3300)).toBeUndefined();
    expect(store.wholeLogHeld).toBe(false);
  });

  it("fetches only what a range lacks, once", async () => {
    const { fetch, asked } = server(() => 5300);
    const store = new LogStore(fetch);
    await store.open();
    store.ensure(3000, 3350);
    store.ensure(3000, 3350);
    await settle();
    expect(asked.slice(1)).toEqual([{ after: 2000, limit: 1300 }]);
    expect(store.line(3000)).toEqual(line(3000));
    expect(store.line(3301)).toEqual(line(3301));
    store.ensure(3000, 3350);
    expect(asked).toHaveLength(2);
    store.ensure(1, 10);
    await settle();
    expect(store.wholeLogHeld).toBe(true);
  });

  it("appends live lines across block borders and skips repeats", () => {
    const store = new LogStore(server(() => 0).fetch);
    store.append(lines(1, BLOCK_LINES + 5));
    store.append(lines(BLOCK_LINES, BLOCK_LINES + 10));
    expect(store.total).toBe(BLOCK_LINES + 10);
    expect(store.wholeLogHeld).toBe(true);
    expect(store.text(BLOCK_LINES)).toBe(`line ${String(BLOCK_LINES)}`);
    expect(store.text(BLOCK_LINES + 10)).toBe(`line ${String(BLOCK_LINES + 10)}`);
    expect(store.heldUntil(1)).toBe(BLOCK_LINES + 10);
  });

  it("notices a gap and fills it when it is looked at", async () => {
    const { fetch, asked } = server(() => 30);
    const store = new LogStore(fetch);
    store.append(lines(1, 10));
    store.append(lines(21, 30));
    expect(store.total).toBe(30);
    expect(store.text(25)).toBeUndefined();
    expect(store.heldUntil(1)).toBe(10);
    store.ensure(8, 30);
    await settle();
    expect(asked).toEqual([{ after: 10, limit: 20 }]);
    expect(store.wholeLogHeld).toBe(true);
  });

  it("keeps empty lines, times and pieces of long lines apart", () => {
    const store = new LogStore(server(() => 0).fetch);
    store.append([line(1, ""), { ...line(2, "xx"), partial: true }, line(3, ""), line(4, "ж\u{1F600}")]);
    expect([1, 2, 3, 4].map((n) => store.text(n))).toEqual(["", "xx", "", "ж\u{1F600}"]);
    expect(store.line(2)?.partial).toBe(true);
    expect(store.line(3)?.partial).toBe(false);
    expect(store.time(4)).toBe(40);
  });

  it("drops the blocks used longest ago at the ceiling, and fetches them again", async () => {
    const total = 40 * BLOCK_LINES;
    const store = new LogStore(server(() => total).fetch, { ceiling: 10 * BLOCK_LINES * 25 });
    await store.open();
    for (let block = 0; block < 40; block++) {
      store.ensure(block * BLOCK_LINES + 1, block * BLOCK_LINES + 50);
      await settle();
    }
    expect(store.heldBytes).toBeLessThanOrEqual(10 * BLOCK_LINES * 25);
    expect(store.text(total)).toBe(`line ${String(total)}`);
    expect(store.text(1)).toBeUndefined();
    store.ensure(1, 10);
    await settle();
    expect(store.text(1)).toBe("line 1");
  });

  it("announces failures and retries after a pause", async () => {
    const fetch = vi.fn<FetchWindow>().mockRejectedValueOnce(new Error("down"));
    fetch.mockImplementation(server(() => 5).fetch);
    const store = new LogStore(fetch, { retryMs: 0 });
    const heard = vi.fn();
    store.subscribe(heard);
    await expect(store.open()).rejects.toThrow("down");
    expect(store.failure).toBeInstanceOf(Error);
    expect(heard).toHaveBeenCalledOnce();
    await store.open();
    expect(store.failure).toBeNull();
    expect(store.total).toBe(5);
  });

  it("lets those who look ask again after a window failed", async () => {
    const { fetch } = server(() => 3000);
    const flaky = vi.fn<FetchWindow>(fetch);
    const store = new LogStore(flaky, { retryMs: 5 });
    await store.open();
    flaky.mockRejectedValueOnce(new Error("down"));
    store.subscribe(() => store.ensure(1, 10));
    store.ensure(1, 10);
    await vi.waitFor(() => expect(store.text(1)).toBe("line 1"));
    expect(store.failure).toBeNull();
  });

  it("reads a range whole, held or not", async () => {
    const { fetch } = server(() => 6000);
    const store = new LogStore(fetch);
    await store.open();
    const text = await store.read(3999, 4003);
    expect(text).toEqual([3999, 4000, 4001, 4002, 4003].map((n) => `line ${String(n)}`));
    expect(await store.read(1, 3)).toEqual(["line 1", "line 2", "line 3"]);
  });

  it("holds a million lines without an object for each", () => {
    const store = new LogStore(server(() => 0).fetch, { ceiling: 512 * 1024 * 1024 });
    for (let from = 1; from <= 1_000_000; from += 1000) store.append(lines(from, from + 999));
    expect(store.wholeLogHeld).toBe(true);
    expect(store.text(900_000)).toBe("line 900000");
    expect(store.heldBytes).toBeLessThan(30 * 1024 * 1024);
  }, 60_000);

  it("says nothing after it was disposed", async () => {
    const store = new LogStore(server(() => 5).fetch);
    const heard = vi.fn();
    store.subscribe(heard);
    const opened = store.open();
    store.dispose();
    await opened;
    expect(heard).not.toHaveBeenCalled();
    expect(store.total).toBe(0);
  });
});
