import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, toApiError } from "./errors";
import type { paths } from "./schema";
import { sessionLost } from "./session";

/** Where the application is mounted, without a slash at the end; follows the injected `<base href>`. */
export function mountUrl(): string {
  return new URL(".", document.baseURI).href.replace(/\/$/, "");
}

/** The path part of the mount: "" at the root of a host. */
export function mountPath(): string {
  return new URL(".", document.baseURI).pathname.replace(/\/$/, "");
}

const failures: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    // At the sign-in itself a 401 says that name, password or code is wrong.
    if (response.status === 401 && !schemaPath.startsWith("/api/auth/")) sessionLost();
    throw await toApiError(response);
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    return new ApiError({ status: 0, message: "" });
  },
};

export const api = createClient<paths>({
  baseUrl: mountUrl(),
  credentials: "same-origin",
  headers: { Accept: "application/json" },
  // Looked up at each call, so that tests can put a mock server underneath.
  fetch: (request) => globalThis.fetch(request),
});
api.use(failures);

/** The versions of the objects that were read, as the server named them. */
const versions = new WeakMap<object, string>();

/** The body of a successful answer; failures were thrown before. */
export async function data<T>(
  call: Promise<{ data?: T; response?: Response }>,
): Promise<NonNullable<T>> {
  const result = await call;
  if (result.data === undefined || result.data === null) {
    throw new ApiError({ status: 0, message: "" });
  }
  const version = result.response?.headers.get("ETag");
  if (version && typeof result.data === "object") versions.set(result.data, version);
  return result.data as NonNullable<T>;
}

/** Headers that let a change through only while the object is still as it was read. */
export function ifMatch(read: object | undefined): Record<string, string> {
  const version = read && versions.get(read);
  return version ? { "If-Match": version } : {};
}

/** A list, whatever way the server writes an empty one. */
export async function list<T>(call: Promise<{ data?: T[] | null }>): Promise<T[]> {
  return (await call).data ?? [];
}

/** An answer without a body. */
export async function done(call: Promise<unknown>): Promise<void> {
  await call;
}
