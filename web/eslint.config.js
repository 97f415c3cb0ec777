import js from "@eslint/js";
import globals from "globals";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// Imports go one way: app → features → ui → api → i18n, theme, lib. Features do not import each other,
// but for the two that others embed: runs (lists of runs) and templates' names come through the API.
const zone = (files, forbidden, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: forbidden, message }] }] },
});

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    languageOptions: { globals: globals.browser },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-globals": ["error", { name: "fetch", message: "Use the typed client in src/api." }],
      "no-console": "error",
      // Set only on the first field of a page or dialog that was opened on purpose.
      "jsx-a11y/no-autofocus": "off",
    },
  },
  zone(["src/features/**"], ["@/app/*", "@/app"], "features do not know the app"),
  zone(["src/ui/**"], ["@/app/*", "@/features/*"], "ui knows no features"),
  zone(["src/api/**"], ["@/app/*", "@/features/*", "@/ui/*"], "api knows no views"),
  zone(["src/{lib,i18n,theme}/**"], ["@/app/*", "@/features/*", "@/ui/*", "@/api/*"], "the base knows nothing above"),
  { files: ["src/api/client.ts", "src/**/*.test.{ts,tsx}"], rules: { "no-restricted-globals": "off" } },
  {
    files: ["scripts/**", "e2e/**", "*.config.{js,ts}"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
  { files: ["public/**", "swagger/**"], languageOptions: { globals: globals.browser, sourceType: "script" } },
);
