import { expect, test, vi } from "vitest";
import { api, data, done, ifMatch } from "./client";

test("a change carries the version of the object that was read", async () => {
  const sent: Request[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    return request.method === "GET"
      ? new Response('{"id":3,"name":"a"}', {
          headers: { "Content-Type": "application/json", ETag: '"v1"' },
        })
      : new Response(null, { status: 204 });
  });
  const params = { path: { project_id: 1, environment_id: 3 } };
  const read = await data(api.GET("/api/project/{project_id}/environment/{environment_id}", { params }));
  const change = (headers: Record<string, string>) =>
    done(
      api.PUT("/api/project/{project_id}/environment/{environment_id}", {
        params,
        headers,
        body: { id: 3, name: "b" },
      }),
    );
  await change(ifMatch(read));
  await change(ifMatch(undefined));
  await change(ifMatch({ ...read }));
  vi.unstubAllGlobals();
  expect(sent.map((request) => request.headers.get("If-Match"))).toEqual([null, '"v1"', null, null]);
});
