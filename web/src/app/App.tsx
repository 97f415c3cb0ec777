import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import "@/theme/global.css";
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { resolver, theme } from "@/theme/theme";
import { schemeManager } from "@/theme/scheme";
import { makeClient } from "./queryClient";
import { makeRouter } from "./router";

const client = makeClient();
const router = makeRouter(client);

export function App() {
  const { t } = useTranslation();
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={client}>
        <ModalsProvider labels={{ confirm: t("actions.confirm"), cancel: t("actions.cancel") }}>
          <Notifications position="bottom-right" limit={3} autoClose={4000} />
          <Suspense>
            <RouterProvider router={router} />
          </Suspense>
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
