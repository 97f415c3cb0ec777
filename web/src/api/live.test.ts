import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backOff, LiveConnection, type LogLine } from "./live";

class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: unknown }) => void;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.drop();
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  drop() {
    this.readyState = 3;
    this.onclose?.();
  }
  frame(value: unknown) {
    this.onmessage?.({ data: JSON.stringify(value) });
  }
}

const handlers = { onUpdate: vi.fn(), onResync: vi.fn() };
let connection: LiveConnection;

const last = () => FakeSocket.all[FakeSocket.all.length - 1];
const line = (seq: number): LogLine => ({ seq, time: "2026-11-23T12:00:00Z", text: `line ${seq}` });
const lines = (from: number, to: number, task = 5) => ({
  type: "lines",
  project_id: 1,
  task_id: task,
  lines: Array.from({ length: to - from + 1 }, (_, i) => line(from + i)),
});

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  handlers.onUpdate.mockReset();
  handlers.onResync.mockReset();
  connection = new LiveConnection({
    url: () => "ws://host/api/ws?logs=subscribed",
    socket: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => 1,
  });
  connection.start(handlers);
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

test("asks for a log as soon as the connection is open", () => {
  connection.subscribeLog(1, 5, 7, vi.fn(), vi.fn());
  expect(last().sent).toEqual([]);
  last().open();
  expect(last().sent).toEqual([{ type: "subscribe", project_id: 1, task_id: 5, after: 7 }]);
  expect(connection.getState().status).toBe("live");
});

test("takes up a log after the last line it has when the connection was lost", () => {
  const seen: number[] = [];
  last().open();
  connection.subscribeLog(1, 5, 0, (ls) => seen.push(...ls.map((l) => l.seq)), vi.fn());
  last().frame(lines(1, 3));
  last().drop();
  expect(connection.getState()).toMatchObject({ status: "reconnecting", attempts: 1 });

  vi.advanceTimersByTime(500);
  last().open();
  expect(FakeSocket.all).toHaveLength(2);
  expect(last().sent).toEqual([{ type: "subscribe", project_id: 1, task_id: 5, after: 3 }]);
  expect(handlers.onResync).toHaveBeenCalledTimes(1);

  last().frame(lines(3, 5));
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test("two views of one task each get every line once", () => {
  const first: number[] = [];
  const second: number[] = [];
  last().open();
  connection.subscribeLog(1, 5, 0, (ls) => first.push(...ls.map((l) => l.seq)), vi.fn());
  last().frame(lines(1, 4));
  connection.subscribeLog(1, 5, 2, (ls) => second.push(...ls.map((l) => l.seq)), vi.fn());
  expect(last().sent[1]).toMatchObject({ type: "subscribe", after: 2 });
  last().frame(lines(3, 6));
  expect(first).toEqual([1, 2, 3, 4, 5, 6]);
  expect(second).toEqual([3, 4, 5, 6]);
});

test("unsubscribes when the last view goes", () => {
  last().open();
  const off1 = connection.subscribeLog(1, 5, 0, vi.fn(), vi.fn());
  const off2 = connection.subscribeLog(1, 5, 0, vi.fn(), vi.fn());
  off1();
  expect(last().sent).toHaveLength(2);
  off2();
  off2();
  expect(last().sent.slice(2)).toEqual([{ type: "unsubscribe", task_id: 5 }]);
});

test("passes end and refusals to the views of that task only", () => {
  const onEnd = vi.fn();
  const onError = vi.fn();
  last().open();
  connection.subscribeLog(1, 5, 0, vi.fn(), onEnd, onError);
  last().frame({ type: "end", project_id: 1, task_id: 6, total: 9 });
  last().frame({ type: "end", project_id: 1, task_id: 5, total: 4 });
  last().frame({ type: "error", error: "no such task", task_id: 5 });
  expect(onEnd.mock.calls).toEqual([[4]]);
  expect(onError.mock.calls).toEqual([["no such task"]]);
});

test("hands over updates and resync, and survives frames it does not know", () => {
  last().open();
  const update = { type: "update", task_id: 5, template_id: 2, project_id: 1, status: "running" };
  last().frame(update);
  last().frame({ type: "resync" });
  last().frame({ type: "something new" });
  last().onmessage?.({ data: "not json" });
  expect(handlers.onUpdate).toHaveBeenCalledWith(update);
  expect(handlers.onResync).toHaveBeenCalledTimes(1);
});

test("stop ends reconnecting", () => {
  last().open();
  connection.stop();
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(connection.getState().status).toBe("stopped");
});

test("waits grow up to half a minute", () => {
  const waits = [1, 2, 3, 10].map((n) => backOff(n, () => 1));
  expect(waits).toEqual([500, 1000, 2000, 30_000]);
  expect(backOff(3, () => 0)).toBe(1000);
});
