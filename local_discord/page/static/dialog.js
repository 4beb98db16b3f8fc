/**
 * Dialogs: those that the bot opens, and those in which one chooses in a menu of a message.
 *
 * The browser's own dialog keeps the focus inside, closes with Escape, and gives the focus back.
 */
import { dialogsBy, used } from "./commands.js";
import { dialogField } from "./fields.js";
import { $, ask, make, notice, word } from "./page.js";

/** @typedef {import("./fields.js").Told} Told */

let count = 0;

/**
 * Show fields in a dialog until they are sent or it is closed.
 * @param {string} title
 * @param {Told[]} told
 * @param {(values: Record<string, unknown>) => Promise<unknown>} send Fails with what is wrong.
 */
export function showFields(title, told, send) {
  /** @type {Map<string, import("./fields.js").Field>} */
  const fields = new Map();
  const parts = told.map((one) => {
    const field = dialogField(one);
    if (field) fields.set(one.id, field);
    if (field) return field.element;
    const words = make("div", { class: "words" });
    words.innerHTML = one.html ?? ""; // the server has escaped it, as it does in messages
    return words;
  });
  const wrong = make("p", { class: "wrong", role: "alert", hidden: true });
  const submit = make("button", { type: "submit", class: "button primary", text: word("send") });
  const submitted = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const bad = [...fields.values()].filter((field) => !field.check());
    if (bad.length) {
      bad[0].control.focus();
      return;
    }
    form.ariaBusy = "true";
    wrong.hidden = true;
    try {
      await send(Object.fromEntries([...fields].map(([id, field]) => [id, field.value()])));
      dialog.close();
    } catch (problem) {
      const words = /** @type {Error} */ (problem).message;
      if (!dialog.open) notice(`${title}: ${words}`);
      wrong.textContent = words;
      wrong.hidden = false;
    } finally {
      form.ariaBusy = "false";
    }
  };
  const heading = make("h2", { id: `dialog-${++count}`, text: title });
  const cancel = make("button", {
    type: "button",
    class: "button secondary",
    text: word("cancel"),
    onclick: () => dialog.close(),
  });
  const form = make(
    "form",
    { method: "dialog", novalidate: true, autocomplete: "off", onsubmit: submitted },
    heading,
    make("div", { class: "entries" }, ...parts),
    wrong,
    make("footer", {}, cancel, submit),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    make("dialog", { class: "form", "aria-labelledby": heading.id, onclose: () => dialog.remove() }, form)
  );
  $("dialogs").append(dialog);
  dialog.showModal();
  (fields.values().next().value?.control ?? submit).focus();
}

/** @param {{id: string, title: string, fields: Told[]}} modal What the bot opened. */
export function showModal(modal) {
  showFields(modal.title, modal.fields, (values) => used(ask("submit", { dialog: modal.id, values })));
}

dialogsBy(showModal);
