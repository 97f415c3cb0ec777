import { queryOptions } from "@tanstack/react-query";
import { api, data, done, list } from "@/api/client";
import { type UserValues, userBody } from "./values";

const fetchUsers = (signal?: AbortSignal) => list(api.GET("/api/users", { signal }));
const fetchUser = (id: number, signal?: AbortSignal) =>
  data(api.GET("/api/users/{user_id}", { params: { path: { user_id: id } }, signal }));

export type UserRow = Awaited<ReturnType<typeof fetchUsers>>[number];

export const usersKeys = {
  all: ["users"] as const,
  one: (id: number) => ["users", id] as const,
  sessions: (id: number) => ["users", id, "sessions"] as const,
};

export const usersQuery = () =>
  queryOptions({ queryKey: usersKeys.all, queryFn: ({ signal }) => fetchUsers(signal) });

export const oneUserQuery = (id: number) =>
  queryOptions({ queryKey: usersKeys.one(id), queryFn: ({ signal }) => fetchUser(id, signal) });

export const userSessionsQuery = (id: number) =>
  queryOptions({
    queryKey: usersKeys.sessions(id),
    queryFn: ({ signal }) =>
      list(api.GET("/api/users/{user_id}/sessions", { params: { path: { user_id: id } }, signal })),
  });

export async function saveUser(values: UserValues, item?: UserRow): Promise<void> {
  const body = userBody(values, item);
  if (item === undefined) {
    await done(api.POST("/api/users", { body }));
    return;
  }
  await done(api.PUT("/api/users/{user_id}", { params: { path: { user_id: item.id } }, body }));
}

const at = (id: number) => ({ params: { path: { user_id: id } } });

export const deleteUser = (id: number) => done(api.DELETE("/api/users/{user_id}", at(id)));
export const unlockUser = (id: number) => done(api.POST("/api/users/{user_id}/unlock", at(id)));
export const endSessions = (id: number) => done(api.DELETE("/api/users/{user_id}/sessions", at(id)));
export const endSession = (id: number, session: number) =>
  done(
    api.DELETE("/api/users/{user_id}/sessions/{session_id}", {
      params: { path: { user_id: id, session_id: session } },
    }),
  );
export const resetFactor = (id: number, factor: number) =>
  done(
    api.DELETE("/api/users/{user_id}/2fas/totp/{totp_id}", {
      params: { path: { user_id: id, totp_id: factor } },
    }),
  );
