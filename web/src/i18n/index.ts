import i18next, { type BackendModule, type ResourceKey } from "i18next";
import { initReactI18next } from "react-i18next";

export const languages = ["en", "ru"] as const;
export type Language = (typeof languages)[number];

const storageKey = "signalbox.lang";

// One chunk per language and namespace; a page loads only what it shows.
const files = import.meta.glob<{ default: ResourceKey }>("../locales/*/*.json");

const backend: BackendModule = {
  type: "backend",
  init() {},
  read(language, namespace, done) {
    const load = files[`../locales/${language}/${namespace}.json`];
    if (!load) {
      done(new Error(`no texts for ${language}/${namespace}`), null);
      return;
    }
    load().then(
      (module) => done(null, module.default),
      (error: Error) => done(error, null),
    );
  },
};

function preferred(): Language {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(storageKey);
  } catch {
    // Storage can be switched off; the browser's language decides then.
  }
  const wanted = [stored, ...navigator.languages].map((l) => l?.slice(0, 2));
  return languages.find((l) => wanted.includes(l) && wanted.find((w) => languages.some((k) => k === w)) === l) ?? "en";
}

function reflect(language: string) {
  document.documentElement.lang = language;
}

export function initI18n(): Promise<unknown> {
  i18next.on("languageChanged", reflect);
  return i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: preferred(),
      fallbackLng: "en",
      supportedLngs: [...languages],
      ns: ["common"],
      defaultNS: "common",
      fallbackNS: "common",
      interpolation: { escapeValue: false },
    });
}

export function setLanguage(language: Language): Promise<unknown> {
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // The choice then lasts for this page only.
  }
  return i18next.changeLanguage(language);
}

export default i18next;
