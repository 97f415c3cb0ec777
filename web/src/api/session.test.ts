import { renderHook, act } from "@testing-library/react";
import { expect, test } from "vitest";
import { sessionClosed, sessionFound, sessionLost, useSessionExpired } from "./session";

test("only a session that was there can be lost", () => {
  const { result } = renderHook(() => useSessionExpired());
  act(sessionLost);
  expect(result.current).toBe(false);
  act(sessionFound);
  act(sessionLost);
  expect(result.current).toBe(true);
  act(sessionFound);
  expect(result.current).toBe(false);
  act(sessionClosed);
  act(sessionLost);
  expect(result.current).toBe(false);
});
