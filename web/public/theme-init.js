// Applies theme and language before the first paint; loaded blocking from index.html.
(function () {
  var root = document.documentElement;
  var theme = "auto";
  var lang = "";
  try {
    theme = localStorage.getItem("signalbox.theme") || "auto";
    lang = localStorage.getItem("signalbox.lang") || "";
  } catch {
    // Storage can be switched off; the defaults are good.
  }
  var dark =
    theme === "dark" ||
    (theme === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  root.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
  if (lang) root.setAttribute("lang", lang);
})();
