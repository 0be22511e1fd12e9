// Colours, which the style sheet sets for light and dark.

const theme = (() => {
  const NAMES = ["paper", "ink", "accent", "point", "shade-low", "shade-middle", "shade-high"];
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
