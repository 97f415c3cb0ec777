import { useQuery, type UseQueryOptions } from "@tanstack/react-query";
import { useMemo } from "react";

type Named = { id: number; name: string };

/** The names of a list by their identifiers, as far as it has been read. */
export function useNames<T extends Named, K extends readonly unknown[]>(
  query: UseQueryOptions<T[], Error, T[], K>,
): (id: number | null | undefined) => string | undefined {
  const { data } = useQuery(query);
  return useMemo(() => {
    const names = new Map((data ?? []).map(({ id, name }) => [id, name]));
    return (id) => (id == null ? undefined : names.get(id));
  }, [data]);
}
