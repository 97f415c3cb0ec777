import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useSessionExpired } from "@/api/session";

const SignInOverlay = lazy(() => import("./SignInOverlay"));

export function Root() {
  const expired = useSessionExpired();
  return (
    <>
      <Outlet />
      {expired && (
        <Suspense>
          <SignInOverlay />
        </Suspense>
      )}
    </>
  );
}
