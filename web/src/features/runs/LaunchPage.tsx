import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { isApiError } from "@/api/errors";
import { taskQuery, templateQuery } from "@/api/queries";
import { NotFound } from "@/ui/NotFound";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { ErrorState } from "@/ui/States";
import { LaunchForm } from "./launch/LaunchForm";
import { prefill } from "./launch/prefill";

export default function LaunchPage() {
  const { pid = 0, id = 0 } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const from = Number(search.from);
  const repeats = Number.isInteger(from) && from > 0;
  const template = useQuery(templateQuery(pid, id));
  const source = useQuery({ ...taskQuery(pid, from), enabled: repeats });

  if (isApiError(template.error, 404)) return <NotFound />;
  if (template.error && !template.data) return <ErrorState error={template.error} onRetry={() => void template.refetch()} />;
  if (template.data === undefined || (repeats && source.isLoading)) return <PageSkeleton />;
  // A source that is gone, or of another template, must not stop the launch.
  const repeated = source.data?.template_id === id ? source.data : undefined;
  return (
    <LaunchForm
      key={`${String(id)}-${String(repeated?.id ?? 0)}`}
      projectId={pid}
      template={template.data}
      source={repeated}
      start={prefill(template.data, repeated, search)}
    />
  );
}
