import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { NotFound } from "./NotFound";
import { PageHeader } from "./PageHeader";
import { ErrorState } from "./States";

/** Keeps a failure inside its route: the frame stays usable. */
export function RouteError({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  if (isApiError(error, 404)) return <NotFound />;
  return (
    <div>
      <PageHeader title={t("states.failed")} />
      <ErrorState
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </div>
  );
}
