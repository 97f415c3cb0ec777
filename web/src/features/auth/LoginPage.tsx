import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { setupQuery, userQuery } from "@/api/queries";
import { AuthFrame } from "./AuthFrame";
import { LoginForm } from "./LoginForm";

export default function LoginPage() {
  const { t } = useTranslation("auth");
  const navigate = useNavigate();
  const client = useQueryClient();
  const search = useSearch({ from: "/auth/login" });
  const setup = useQuery(setupQuery());

  const signedIn = async () => {
    await client.fetchQuery({ ...userQuery(), staleTime: 0 });
    // The return path is an address inside the application, with its query.
    await navigate({ href: search.return ?? "/" });
  };

  if (setup.data?.needed) return <Navigate to="/setup" replace />;
  return (
    <AuthFrame title={t("login.title")}>
      <LoginForm onDone={signedIn} />
    </AuthFrame>
  );
}
