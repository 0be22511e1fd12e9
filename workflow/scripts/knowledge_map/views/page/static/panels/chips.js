// What is filtered, in the heading: how many articles are kept, and a chip for every condition, which takes it off.

import { button, create, element } from "../base/dom.js";
import { counted, shareText, written } from "../base/text.js";
import { filter } from "../map/filter.js";
import { focusMap } from "../map/gestures.js";

function showChips() {
  const box = element("filtered"), conditions = filter.conditions(), hadFocus = box.contains(document.activeElement);
  box.hidden = !conditions.length;
  const { count, total } = filter;
  element("kept").textContent = conditions.length
    ? `${written(count)} of ${counted(total, "article")}, ${shareText(count, total)}`
    : "";
  const chips = conditions.map(([key, { text }]) => {
    return button(text, () => filter.set(key, null), { className: "chip", ariaLabel: `Take off: ${text}` });
  });
  if (chips.length > 1) {
    chips.push(button("Take all off", () => filter.clear(), { className: "chip all", title: "Take all off (x)" }));
  }
  element("chips").replaceChildren(...chips.map((chip) => create("li", {}, chip)));
  if (!hadFocus) return;
  if (chips.length) chips[0].focus({ preventScroll: true });
  else focusMap();
}

/** Show the conditions, and follow them. */
export function startChips() {
  filter.changed.listen(showChips);
  showChips();
}
