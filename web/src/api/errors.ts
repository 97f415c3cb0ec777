/** One place where something still refers to the object that was to be deleted. */
export type Usage = { type: string; id: number; name: string };

/** What became of a test message on one channel for alerts. */
export type ChannelResult = { channel: string; sent: boolean; error?: string };

/** Any failed request. `status` 0 means that the server could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly field?: string;
  readonly requestId?: string;
  readonly users: Usage[];
  readonly inUse: boolean;
  readonly retryAfter?: number;
  readonly channels: ChannelResult[];

  constructor(init: {
    status: number;
    message: string;
    field?: string;
    requestId?: string;
    users?: Usage[];
    inUse?: boolean;
    retryAfter?: number;
    channels?: ChannelResult[];
  }) {
    super(init.message);
    this.name = "ApiError";
    this.status = init.status;
    this.field = init.field;
    this.requestId = init.requestId;
    this.users = init.users ?? [];
    this.inUse = init.inUse ?? false;
    this.retryAfter = init.retryAfter;
    this.channels = init.channels ?? [];
  }
}

export function isApiError(error: unknown, status?: number): error is ApiError {
  return error instanceof ApiError && (status === undefined || error.status === status);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function usages(value: unknown): Usage[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const { type, id, name } = item as Record<string, unknown>;
    if (typeof id !== "number") return [];
    return [{ type: text(type) ?? "", id, name: text(name) ?? `#${id}` }];
  });
}

function results(value: unknown): ChannelResult[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const { channel, sent, error } = item as Record<string, unknown>;
    if (typeof channel !== "string") return [];
    return [{ channel, sent: sent === true, error: text(error) }];
  });
}

/** Reads the error of a failed response; an empty or foreign body still makes a useful error. */
export async function toApiError(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.clone().json();
    if (typeof parsed === "object" && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // No JSON: a proxy's page or an empty body. The status is then all we know.
  }
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError({
    status: response.status,
    message: text(body.error) ?? "",
    field: text(body.field),
    requestId: text(body.request_id) ?? response.headers.get("X-Request-Id") ?? undefined,
    users: usages(body.users),
    channels: results(body.channels),
    inUse: body.inUse === true,
    retryAfter: Number.isFinite(after) && after > 0 ? after : undefined,
  });
}
