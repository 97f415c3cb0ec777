import { QueryClient } from "@tanstack/react-query";
import { isApiError } from "@/api/errors";

export function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => {
          const worthIt = isApiError(error) && (error.status === 0 || error.status >= 502);
          return worthIt && failures < 2;
        },
      },
    },
  });
}
