// SPDX-License-Identifier: Apache-2.0
// Text from outside goes in as text nodes and links only as http(s): nothing here ever parses markup.

/** @typedef {Node | string | number | undefined} Child */

/**
 * An element; `class`, `title`, `aria-*` and so on become attributes, functions listeners (`onclick`).
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number | boolean | ((event: Event) => unknown) | undefined>>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children)
    if (child !== undefined) made.append(typeof child === "number" ? `${child}` : child);
  return made;
}

/**
 * The element with that id; a page without it is a mistake of the page.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Sets a text only when it differs, so that nothing is painted and no screen reader speaks for nothing.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * The address when a link may lead there: http and https, never `javascript:` or what else a label may carry.
 * @param {string | undefined} url
 * @returns {string | undefined}
 */
export function webAddress(url) {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === "http:" || protocol === "https:" ? href : undefined;
}

/**
 * Asks before something that cannot be undone; Escape and "Cancel" are no.
 * @param {string} question
 * @param {string} yes the text of the button that does it
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { "aria-label": question });
    const answer = (/** @type {boolean} */ value) => {
      dialog.remove();
      resolve(value);
    };
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"));
    dialog.append(
      el("p", {}, question),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", autofocus: true, onclick: () => dialog.close("no") }, "Cancel"),
        el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
