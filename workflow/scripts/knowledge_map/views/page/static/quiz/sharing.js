// The result for others: as a link, as a picture, on paper.

import { button, create, download } from "../base/dom.js";
import { showToast } from "../base/toast.js";
import { answers } from "./answers.js";
import { addressOfResult } from "./result_address.js";
import { resultPicture } from "./result_picture.js";
import { writtenScore } from "./score.js";

const NAME = "knowledge-map-result.png";

/**
 * Make a picture of the result, and hand it on.
 * @param {(file: File) => void} take
 */
function withPicture(take) {
  resultPicture().toBlob((blob) => {
    if (blob) take(new File([blob], NAME, { type: blob.type }));
  }, "image/png");
}

/** @param {HTMLElement} box */
async function copyLink(box) {
  const address = addressOfResult(answers.asCode()), isOnline = /^https?:$/.test(location.protocol);
  try {
    await navigator.clipboard.writeText(address);
    showToast(isOnline ? "Link copied." : "Link copied. This page is a file: send it along, or put it on a web server first.");
  } catch {
    const field = create("input", { className: "link", readOnly: true, value: address, ariaLabel: "Link to this result" });
    box.querySelector(".link")?.remove();
    box.append(field);
    field.select();
    showToast("The browser does not let this page copy: copy the link from the field.");
  }
}

/** @param {File} file */
async function share(file) {
  try {
    await navigator.share({ files: [file], title: document.title, text: writtenScore(), url: addressOfResult(answers.asCode()) });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") download(NAME, file);
  }
}

function canShareFiles() {
  return navigator.canShare?.({ files: [new File([], NAME, { type: "image/png" })] }) ?? false;
}

/**
 * Show the ways to share the result, where there is one.
 * @param {HTMLElement} box
 */
export function renderSharing(box) {
  box.replaceChildren();
  if (!answers.count || answers.isShared) return;
  const buttons = [
    button("Copy link", () => copyLink(box), { title: "A link that shows this result" }),
    button("Picture", () => withPicture((file) => download(NAME, file)), { title: "A picture of this result" }),
  ];
  if (canShareFiles()) buttons.push(button("Share …", () => withPicture(share)));
  buttons.push(button("Print", () => globalThis.print()));
  box.append(create("h3", { textContent: "Share the result" }), create("div", { className: "steps" }, ...buttons));
}
