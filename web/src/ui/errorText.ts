import type { TFunction } from "i18next";
import { isApiError } from "@/api/errors";

/** One sentence for a failure: what the server said, or what its status means. */
export function errorText(error: unknown, t: TFunction): string {
  if (!isApiError(error)) return t("common:errors.unknown");
  if (error.status === 0) return t("common:errors.network");
  if (error.message) return error.message;
  if (error.status === 401) return t("common:errors.signedOut");
  if (error.status === 403) return t("common:errors.forbidden");
  if (error.status === 404) return t("common:errors.missing");
  if (error.status === 409) return t("common:errors.conflict");
  if (error.status >= 500) return t("common:errors.server");
  return t("common:errors.refused", { status: error.status });
}
