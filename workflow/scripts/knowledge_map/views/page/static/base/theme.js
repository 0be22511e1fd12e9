// Light or dark: as the system has it, or as the person chose. The style sheet holds the colours of both.

const theme = (() => {
  const KEY = "knowledge-map-theme";
  const NAMES = ["paper", "ink", "faint", "line", "card", "accent", "point", "right", "wrong",
    "shade-low", "shade-middle", "shade-high", "known-0", "known-1", "known-2", "known-3", "known-4"];
  const theme = { colors: {}, dark: false, changed: signal() };
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;

  function read() {
    theme.dark = chosen === null ? system.matches : chosen;
    document.documentElement.dataset.theme = theme.dark ? "dark" : "light";
    const style = getComputedStyle(document.documentElement);
    theme.colors = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue("--" + name).trim()]));
    element("theme").setAttribute("aria-pressed", theme.dark);
    theme.changed();
  }

  /** Take the other one; back at the system's, follow it again. */
  theme.toggle = () => {
    chosen = !theme.dark === system.matches ? null : !theme.dark;
    try {
      if (chosen === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, chosen ? "dark" : "light");
    } catch { /* without storage the choice lasts as long as the page */ }
    read();
  };

  /** Show light colours while `work` runs, as paper has them. */
  theme.inLight = (work) => {
    const before = chosen;
    chosen = false;
    read();
    work();
    chosen = before;
  };
  theme.read = read;

  theme.start = () => {
    try {
      const kept = localStorage.getItem(KEY);
      if (kept) chosen = kept === "dark";
    } catch { /* as above */ }
    system.addEventListener("change", read);
    element("theme").addEventListener("click", theme.toggle);
    read();
  };
  return theme;
})();

/** Return red, green and blue of a colour #rrggbb. */
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
/** Return the colour at 0 to 1 between colours that are evenly spaced. */
function between(stops, at) {
  const place = clamp(at, 0, 1) * (stops.length - 1), below = Math.min(Math.floor(place), stops.length - 2);
  return stops[below].map((value, c) => Math.round(value + (stops[below + 1][c] - value) * (place - below)));
}
