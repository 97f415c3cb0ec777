import { useQuery, type UseQueryOptions } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { templateQuery } from "@/api/queries";
import type { Template } from "@/api/types";
import { ErrorState, RowsSkeleton } from "@/ui/States";

type Props<T, K extends readonly unknown[]> = {
  project: number;
  query: UseQueryOptions<T, Error, T, K>;
  children: (item: T, template: Template) => ReactNode;
};

/** Reads what is edited anew, with the template whose fields its form fills. */
export function Stored<T extends { template_id: number }, K extends readonly unknown[]>({ project, query, children }: Props<T, K>) {
  const item = useQuery({ ...query, staleTime: 0, refetchOnWindowFocus: false });
  const id = item.data?.template_id;
  const template = useQuery({ ...templateQuery(project, id ?? 0), enabled: id !== undefined, refetchOnWindowFocus: false });
  const failed = item.error ? item : template.error ? template : undefined;
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!item.data || !item.isFetchedAfterMount || !template.data) return <RowsSkeleton />;
  return children(item.data, template.data);
}
