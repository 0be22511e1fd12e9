// Colours, which the style sheet sets for light and dark.

const theme = (() => {
  const NAMES = ["paper", "ink", "faint", "accent", "point", "shade-low", "shade-middle", "shade-high", "right", "wrong",
    "known-0", "known-1", "known-2", "known-3", "known-4"];
  const theme = { colors: {}, dark: false, changed: signal() };
  const system = matchMedia("(prefers-color-scheme: dark)");

  theme.read = () => {
    const style = getComputedStyle(document.documentElement);
    theme.colors = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue("--" + name).trim()]));
    theme.dark = system.matches;
    theme.changed();
  };
  system.addEventListener("change", theme.read);
  return theme;
})();
