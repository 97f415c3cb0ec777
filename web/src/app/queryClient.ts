import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isApiError } from "@/api/errors";
import { userKeys } from "@/api/queries";
import { setSessionExpired } from "@/api/session";

export function makeClient(): QueryClient {
  // Only somebody who was signed in can lose a session; the others are led to the sign-in page.
  const onError = (error: unknown) => {
    if (isApiError(error, 401) && client.getQueryData(userKeys.me) !== undefined) {
      setSessionExpired(true);
    }
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
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
  return client;
}
