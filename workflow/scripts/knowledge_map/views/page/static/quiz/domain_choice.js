// The choice of a domain: its region is flown to, and its questions are asked.

import { create } from "../base/dom.js";
import { store } from "../base/store.js";
import { written } from "../base/text.js";
import { flyToBox, showQuestions } from "../map/navigation.js";
import { chosenDomain, domainRegion, hasDomains, questionsOf } from "./domains.js";

const INDENT = "\u2003"; // before the name of a domain, once for each that it is below

/** Fly to the region of the domain that is asked about. */
export function showDomain() {
  const region = domainRegion();
  if (region) flyToBox([region.x_min, region.x_max, region.y_min, region.y_max]);
  else showQuestions();
}

/**
 * Return the control that chooses a domain; nothing where there is no choice.
 * @returns {HTMLElement[]}
 */
export function domainChoice() {
  if (!hasDomains()) return [];
  const names = ["All questions", ...store.domains.map(({ name, level }) => INDENT.repeat(level) + name)];
  const choice = create("select");
  choice.append(...names.map((name, at) => {
    const count = questionsOf(at - 1).length;
    return create("option", { value: String(at - 1), textContent: `${name} (${written(count)})`, disabled: !count });
  }));
  choice.addEventListener("change", () => {
    chosenDomain.set(Number(choice.value));
    choice.focus(); // so that arrow keys go on to the next domain
  });
  chosenDomain.listen((domain) => {
    choice.value = String(domain);
  });
  return [create("label", { className: "domain" }, "Domain ", choice)];
}
