import {
  createTheme,
  type CSSVariablesResolver,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";
import { cssVariables, fonts } from "./tokens";

const brand: MantineColorsTuple = [
  "#e6f7fb",
  "#cdecf3",
  "#9bd9e8",
  "#66c6dd",
  "#4cc9e0",
  "#22a3c0",
  "#0e7490",
  "#0b647c",
  "#085468",
  "#044455",
];

// The grey steps that Mantine's dark components are made of.
const dark: MantineColorsTuple = [
  "#e6eaf0",
  "#c9cfd8",
  "#9aa4b2",
  "#7f8996",
  "#3a424d",
  "#2a3038",
  "#1b2027",
  "#14171c",
  "#0f1216",
  "#0a0c0f",
];

/** Filled buttons take both their colours from the tokens, so that the contrast holds in each scheme. */
const variants: VariantColorsResolver = (input) => {
  const name = input.color ?? input.theme.primaryColor;
  const token = name === "brand" ? "brand" : name === "red" ? "danger" : undefined;
  if (input.variant !== "filled" || !token) return defaultVariantColorsResolver(input);
  return {
    background: `var(--sb-${token})`,
    hover: `var(--sb-${token}-hover)`,
    color: `var(--sb-on-${token})`,
    border: "1px solid transparent",
  };
};

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 6, dark: 4 },
  colors: { brand, dark },
  autoContrast: true,
  variantColorResolver: variants,
  fontFamily: fonts.sans,
  fontFamilyMonospace: fonts.mono,
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "24px", xl: "28px" },
  headings: {
    fontFamily: fonts.sans,
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "28px" },
      h2: { fontSize: "16px", lineHeight: "24px" },
      h3: { fontSize: "14px", lineHeight: "20px" },
    },
  },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
});

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...cssVariables("light"), ...mantine },
  dark: { ...cssVariables("dark"), ...mantine },
});

const mantine = {
  "--mantine-color-body": "var(--sb-surface)",
  "--mantine-color-text": "var(--sb-text)",
  "--mantine-color-dimmed": "var(--sb-text-dim)",
  "--mantine-color-default": "var(--sb-surface)",
  "--mantine-color-default-hover": "var(--sb-hover)",
  "--mantine-color-default-border": "var(--sb-control-line)",
  "--mantine-color-placeholder": "var(--sb-text-dim)",
  "--mantine-color-error": "var(--sb-danger)",
  "--mantine-color-anchor": "var(--sb-brand)",
  "--mantine-color-white": "#fff",
};
