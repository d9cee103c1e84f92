// SPDX-License-Identifier: Apache-2.0
import { el, setText } from "./dom.js";

/**
 * A field with its words above it and, below it, what it is for.
 * @param {string} name
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input
 * @param {string} [help]
 */
export function field(name, input, help) {
  const words = el("span", {}, name);
  return el(
    "label",
    { class: "field" },
    words,
    input,
    help === undefined ? undefined : el("small", {}, help),
  );
}

/**
 * Asks for something in a dialog. What `send` fails with is said in it, and it stays open to be put right; Escape and
 * "Cancel" give it up.
 * @param {{ title: string, fields: readonly HTMLElement[], yes: string, send: () => Promise<unknown>, must?: boolean,
 *   said?: string }} options must: it cannot be given up; said: what is wrong from the beginning
 * @returns {Promise<boolean>} whether it was sent
 */
export function formDialog({ title, fields, yes, send, must = false, said = "" }) {
  return new Promise((resolve) => {
    const refusal = el("p", { class: "bad", role: "alert" }, said);
    const submit = el("button", { type: "submit" }, yes);
    const cancel = el("button", { type: "button", hidden: must, onclick: () => dialog.close() }, "Cancel");
    const form = el("form", {}, el("h2", {}, title), ...fields, refusal);
    form.append(el("div", { class: "buttons" }, submit, cancel));
    const dialog = el("dialog", { "aria-label": title }, form);
    let sent = false;
    const trySend = async () => {
      submit.disabled = true;
      setText(refusal, "");
      try {
        await send();
        sent = true;
        dialog.close();
      } catch (error) {
        setText(refusal, error instanceof Error ? error.message : String(error));
      }
      submit.disabled = false;
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void trySend();
    });
    dialog.addEventListener("cancel", (event) => {
      if (must) event.preventDefault();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Two Escapes in a row close even a dialog that must not be given up.
      if (must && !sent) void formDialog({ title, fields, yes, send, must, said }).then(resolve);
      else resolve(sent);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
