import { expect, test } from "vitest";
import { toApiError } from "./errors";

const answer = (status: number, body?: string, headers?: Record<string, string>) =>
  toApiError(new Response(body, { status, headers }));

test("reads sentence, field and request id", async () => {
  const body = JSON.stringify({ error: "name is taken", field: "name", request_id: "abc" });
  expect(await answer(400, body)).toMatchObject({
    status: 400,
    message: "name is taken",
    field: "name",
    requestId: "abc",
    inUse: false,
  });
});

test("reads what still uses an object, and skips entries it does not understand", async () => {
  const users = [{ type: "template", id: 4, name: "Deploy" }, { type: "template" }, "odd"];
  const error = await answer(400, JSON.stringify({ error: "in use", inUse: true, users }));
  expect(error.inUse).toBe(true);
  expect(error.users).toEqual([{ type: "template", id: 4, name: "Deploy" }]);
});

test("an empty, foreign or odd body still makes an error", async () => {
  expect(await answer(500)).toMatchObject({ status: 500, message: "" });
  expect(await answer(502, "<html>Bad gateway</html>")).toMatchObject({ status: 502, message: "" });
  expect(await answer(400, '"just text"')).toMatchObject({ status: 400, message: "" });
});

test("reads how long to wait", async () => {
  expect((await answer(429, "", { "Retry-After": "17" })).retryAfter).toBe(17);
  expect((await answer(429)).retryAfter).toBeUndefined();
});
