// SPDX-License-Identifier: Apache-2.0
import { byId, el } from "/pages/dom.js";
import { ask, Refused } from "/pages/live.js";

/** @param {...Node} children what is said above the page; nothing takes it away */
function say(...children) {
  byId("notice").replaceChildren(...children);
}

/**
 * Asks Marathon to change something. What it refuses is said in the page; a deployment that is in the way can be
 * overridden from there.
 * @param {string} what for the notice: "scale /web"
 * @param {string} method
 * @param {string} path
 * @param {unknown} [json]
 * @returns {Promise<boolean>} whether it was done
 */
export async function act(what, method, path, json) {
  say();
  try {
    await ask(path, { method, json });
    return true;
  } catch (error) {
    const refused = error instanceof Refused ? error : undefined;
    const notice = el("div", { class: "notice bad" }, `Could not ${what}: ${detailsOf(error)}`);
    if (refused?.status === 409 && !path.includes("force=true")) {
      const forced = `${path}${path.includes("?") ? "&" : "?"}force=true`;
      const again = () => void act(what, method, forced, json);
      notice.append(
        el(
          "div",
          { class: "buttons" },
          el("button", { type: "button", class: "danger", onclick: again }, "Force it"),
        ),
      );
    }
    say(notice);
    return false;
  }
}

/** @param {unknown} error */
function detailsOf(error) {
  if (!(error instanceof Refused)) return String(error);
  const body = /** @type {{ details?: unknown } | null | undefined} */ (error.body);
  const details = Array.isArray(body?.details)
    ? body.details
        .flatMap((d) => (Array.isArray(d?.errors) ? [`${d.path}: ${d.errors.join(", ")}`] : []))
        .join("; ")
    : "";
  return details === "" ? error.message : `${error.message} (${details})`;
}

/**
 * A button that works at one thing at a time.
 * @param {string} text
 * @param {() => Promise<unknown>} work
 * @param {string} [kind]
 */
export function button(text, work, kind) {
  const made = el("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => {
    made.disabled = true;
    void work().finally(() => {
      made.disabled = false;
    });
  });
  return made;
}
