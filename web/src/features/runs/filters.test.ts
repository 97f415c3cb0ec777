import { describe, expect, it } from "vitest";
import type { TaskRow } from "@/api/types";
import { nextBefore } from "./api";
import { matchesStatus, parseRunsSearch, statusesOf, writeRunsSearch } from "./filters";
import { moment, queueTime, runDuration, type Times } from "./runTimes";

const row = (over: Partial<TaskRow>) => ({ id: 12, status: "success", tpl_alias: "Configure web", ...over }) as TaskRow;

describe("filters of the history", () => {
  it("survive the way through the address", () => {
    const search = parseRunsSearch({ status: "failed,active,nonsense", template: "4", q: 12, mine: true });
    expect(search).toEqual({ chips: ["active", "failed"], template: 4, q: "12", mine: true });
    expect(parseRunsSearch(writeRunsSearch(search))).toEqual(search);
    expect(parseRunsSearch({ template: "x", q: {} })).toEqual({ chips: [], template: null, q: "", mine: false });
    expect(Object.values(writeRunsSearch(parseRunsSearch({})))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("lead on where the server says, also from an empty page", () => {
    expect(nextBefore('</api/project/1/tasks?before=951&count=50&search=pump>; rel="next"')).toBe(951);
    expect(nextBefore('</sub/api/project/1/tasks?count=50&before=7>; rel="next"')).toBe(7);
    expect(nextBefore(null)).toBeUndefined();
    expect(nextBefore("</api/project/1/tasks?count=50>; rel=\"prev\"")).toBeUndefined();
  });

  it("drop rows whose status moved on", () => {
    expect(matchesStatus(row({}), statusesOf(["failed"]))).toBe(false);
    expect(matchesStatus(row({}), [])).toBe(true);
  });
});

describe("times of a run", () => {
  const created = "2026-11-23T12:00:00Z";
  const at = (second: number) => Date.parse(created) + second * 1000;

  it("tick while it is under way and stand still afterwards", () => {
    const running: Times = { status: "running", created, start: "2026-11-23T12:00:03Z" };
    expect(runDuration(running, at(10))).toBe(7000);
    expect(queueTime(running, at(10))).toBe(3000);
    const ended: Times = { ...running, status: "success", end: "2026-11-23T12:00:05Z" };
    expect(runDuration(ended, at(100))).toBe(2000);
  });

  it("know the run that never started", () => {
    const waiting: Times = { status: "waiting", created };
    expect(runDuration(waiting, at(10))).toBeNull();
    expect(queueTime(waiting, at(10))).toBe(10_000);
    expect(moment("0001-01-01T00:00:00Z")).toBeNull();
  });
});
