import { localStorageColorSchemeManager } from "@mantine/core";

/** The same storage key as in public/theme-init.js, which reads it before the first paint. */
export const schemeManager = localStorageColorSchemeManager({ key: "signalbox.theme" });
