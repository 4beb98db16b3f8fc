/**
 * The fields of commands and dialogs, each made from what `described.py` says of it.
 */
import { upload } from "./composer.js";
import { Listbox } from "./listbox.js";
import { ask, make, word } from "./page.js";

/**
 * @typedef {import("./listbox.js").Offer & {emoji?: string, chosen?: boolean}} Offer
 * @typedef {object} Told What the server says of a field.
 * @property {string} id
 * @property {string} kind
 * @property {string} label
 * @property {string} [description]
 * @property {string} [placeholder]
 * @property {boolean} [required]
 * @property {boolean} [complete] Whether the bot offers something while one types.
 * @property {Offer[]} [options]
 * @property {Offer[]} [chosen]
 * @property {number[]} [types] Of channels.
 * @property {number | null} [least]
 * @property {number | null} [most]
 * @property {string | boolean} [value]
 * @property {string} [html]
 * @property {boolean} [isTitled] Whether its label stands above it already.
 *
 * @typedef {object} Field
 * @property {HTMLElement} element Its label, control and what is wrong with it.
 * @property {HTMLElement} control What takes the focus.
 * @property {() => unknown} value What is sent; undefined for nothing.
 * @property {() => boolean} check Whether it can be sent; else it says why not.
 * @property {(words: string) => boolean} say Says what is wrong with it; nothing takes that back.
 *
 * @typedef {(typed: string) => Promise<Offer[]>} Completing
 */

const THINGS = ["user", "role", "mentionable", "channel"];
const TYPING_MS = 150;
let count = 0;

/**
 * A field around its control: label, description, what is wrong.
 * @param {Told} told
 * @param {HTMLElement} control
 * @param {() => unknown} value
 * @param {() => string} problem What is wrong with it; nothing if it can be sent.
 * @param {boolean} [isGroup] Whether the label names several controls.
 * @returns {Field}
 */
function around(told, control, value, problem, isGroup = false) {
  const number = ++count;
  const wrong = make("small", { id: `wrong-${number}`, class: "wrong", hidden: true });
  const name = make(isGroup ? "legend" : "label", { class: told.isTitled ? "unseen" : "label" }, told.label);
  if (told.required) name.append(make("span", { class: "required", "aria-hidden": "true" }, " *"));
  const parts = [name];
  const described = [wrong.id];
  if (told.description) {
    const words = make("small", { id: `about-${number}`, class: "about" }, told.description);
    described.unshift(words.id);
    parts.push(words);
  }
  const box = make(isGroup ? "fieldset" : "div", { class: "entry", "data-kind": told.kind });
  box.append(...parts, control, wrong);
  const inputs = control.matches("input, textarea, select")
    ? [control]
    : [...control.querySelectorAll("input, textarea, select")];
  if (!isGroup && inputs.length) {
    inputs[0].id ||= `field-${number}`;
    /** @type {HTMLLabelElement} */ (name).htmlFor = inputs[0].id;
  }
  for (const one of inputs) {
    one.setAttribute("aria-describedby", described.join(" "));
    if (told.required && !isGroup) one.setAttribute("aria-required", "true");
  }
  const say = (/** @type {string} */ words) => {
    wrong.textContent = words;
    wrong.hidden = !words;
    for (const one of inputs) {
      if (words) one.setAttribute("aria-invalid", "true");
      else one.removeAttribute("aria-invalid");
    }
    return !words;
  };
  const check = () => say(problem());
  box.addEventListener("change", () => wrong.hidden || check());
  box.addEventListener("input", () => wrong.hidden || check());
  return { element: box, control: inputs[0] ?? control, value, check, say };
}

/**
 * What is wrong with typed words.
 * @param {Told} told
 * @param {string} typed
 */
function problemOfText(told, typed) {
  if (!typed.trim()) return told.required ? word("required") : "";
  const [least, most] = [told.least ?? 0, told.most ?? 6000];
  if (told.kind === "integer" || told.kind === "number") {
    const number = Number(typed.trim().replace(",", "."));
    if (Number.isNaN(number) || (told.kind === "integer" && !Number.isInteger(number)))
      return word(told.kind === "integer" ? "a whole number" : "a number");
    if (told.least != null && number < told.least) return word("at least", { least: told.least });
    if (told.most != null && number > told.most) return word("at most", { most: told.most });
    return "";
  }
  const length = [...typed].length;
  if (length < least) return word("too short", { least, length });
  return length > most ? word("too long", { most, length }) : "";
}

// --- typed ------------------------------------------------------------------------------------

/**
 * @param {Told} told
 * @param {boolean} [grows] Whether it takes lines, and Enter sends: what is pasted stays as it is.
 */
function typedField(told, grows = false) {
  const isLong = told.kind === "paragraph" || grows;
  const isNumber = told.kind === "integer" || told.kind === "number";
  const input = /** @type {HTMLInputElement} */ (
    make(isLong ? "textarea" : "input", {
      placeholder: told.placeholder || null,
      autocomplete: "off",
      class: "typed",
      rows: isLong ? (grows ? 1 : 5) : null,
      inputmode: isNumber ? (told.kind === "integer" ? "numeric" : "decimal") : null,
    })
  );
  input.value = String(told.value ?? "");
  if (grows) growing(input);
  const value = () => (input.value === "" && told.value === undefined ? undefined : input.value);
  return around(told, input, value, () => problemOfText(told, input.value));
}

/** @param {HTMLElement} input As high as its words; Enter sends them, and with Shift begins a line. */
function growing(input) {
  input.addEventListener("input", () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 200)}px`;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    input.closest("form")?.requestSubmit();
  });
}

// --- offers beside an input ------------------------------------------------------------------

/**
 * An input with offers: choices, yes or no, people and channels, or what the bot completes.
 * @param {Told} told
 * @param {Completing} offers What to offer for what is typed.
 * @param {boolean} isFree Whether what was typed may be sent as it is.
 * @param {() => void} next Goes on to the next field after Tab.
 */
function comboField(told, offers, isFree, next) {
  const input = /** @type {HTMLInputElement} */ (make("input", { class: "typed" }));
  if (told.kind === "integer" || told.kind === "number") input.inputMode = "decimal";
  const place = make("div", { class: "combo" }, input);
  /** @type {Offer | null} */
  let taken = null;
  /** @type {Offer[]} */
  let offered = told.options ?? [];
  let asked = 0;
  let timer = 0;
  const list = new Listbox(input, place, told.label, (offer, key) => {
    taken = offer;
    input.value = offer.label;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    if (key === "Tab") next();
  });
  const offer = async () => {
    const turn = ++asked;
    const shown = list.ask();
    place.classList.add("waits");
    try {
      const found = await offers(taken ? "" : input.value);
      if (turn !== asked) return; // something else was typed since
      offered = found;
      list.answer(shown, found, found.findIndex((one) => one.value === taken?.value));
    } catch (problem) {
      if (turn !== asked) return;
      list.close();
      field.say(/** @type {Error} */ (problem).message);
    } finally {
      if (turn === asked) place.classList.remove("waits");
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(offer, TYPING_MS);
  };
  input.addEventListener("input", () => {
    taken = null;
    soon();
  });
  // Where nothing must be chosen, Enter sends: the list waits until something is typed.
  input.addEventListener("focus", () => taken || !told.required || soon());
  input.addEventListener("click", () => list.isOpen || soon());
  input.addEventListener("blur", () => clearTimeout(timer));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || list.isOpen) return;
    event.preventDefault();
    offer();
  });
  const found = () => {
    const typed = input.value.trim().toLowerCase();
    return taken ?? offered.find((one) => one.label.toLowerCase() === typed) ?? null;
  };
  const value = () => {
    if (!input.value.trim()) return undefined;
    const one = found();
    return one ? one.value : isFree ? input.value : undefined;
  };
  const problem = () => {
    if (!input.value.trim()) return told.required ? word("required") : "";
    if (found()) return "";
    return isFree ? problemOfText(told, input.value) : word("choose an offer");
  };
  const field = around(told, place, value, problem);
  return field;
}

/**
 * What fits what is typed, of offers that are known.
 * @param {Offer[]} options
 * @returns {Completing}
 */
export function known(options) {
  return async (typed) => {
    const wanted = typed.trim().toLowerCase();
    return options.filter((one) => one.label.toLowerCase().includes(wanted));
  };
}

/**
 * Looks people, roles and channels up.
 * @param {Told} told
 * @returns {Completing}
 */
function looked(told) {
  return async (typed) =>
    (await ask("find", { kind: told.kind, typed: typed.replace(/^[@#]/, ""), types: told.types ?? [] }))
      .options;
}

// --- files ------------------------------------------------------------------------------------

/**
 * Files, uploaded when they are chosen.
 * @param {Told} told
 */
function fileField(told) {
  const most = told.most ?? 1;
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "file", multiple: most > 1 }));
  /** @type {string[]} */
  let keys = [];
  let failed = "";
  let waits = 0;
  input.addEventListener("change", async () => {
    [keys, failed] = [[], ""];
    const turn = ++waits;
    const files = [...(input.files ?? [])];
    input.setAttribute("aria-busy", "true");
    try {
      const sent = await Promise.all(files.map((file) => upload(file)));
      if (turn === waits) keys = sent;
    } catch (problem) {
      if (turn === waits) failed = problem instanceof Error ? problem.message : String(problem);
    }
    if (turn === waits) {
      input.removeAttribute("aria-busy");
      input.dispatchEvent(new Event("input", { bubbles: true }));
      if (failed) field.check();
    }
  });
  const problem = () => {
    if (failed) return failed;
    if (input.ariaBusy === "true") return word("still uploading");
    if (!keys.length) return told.required ? word("required") : "";
    if (keys.length > most) return word("choose at most", { most });
    return keys.length < (told.least ?? 0) ? word("choose at least", { least: told.least }) : "";
  };
  const field = around(told, input, () => (most > 1 ? keys : keys[0]), problem);
  return field;
}

// --- what is chosen in a dialog -----------------------------------------------------------------

/**
 * One or several of known options, each with its box.
 * @param {Told} told
 */
function boxField(told) {
  const isOne = told.kind === "radio" || (told.kind === "choices" && (told.most ?? 1) === 1);
  const name = `group-${++count}`;
  const box = make("div", { class: "boxes" });
  for (const option of told.options ?? []) {
    const input = make("input", {
      type: isOne ? "radio" : "checkbox",
      name,
      value: option.value,
      checked: option.chosen,
    });
    const words = [`${option.emoji ? `${option.emoji} ` : ""}${option.label}`];
    const row = make("label", { class: "box" }, input, make("span", {}, ...words));
    if (option.description) row.append(make("small", {}, option.description));
    box.append(row);
  }
  const chosen = () =>
    [...box.querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value);
  const value = () => (told.kind === "radio" ? (chosen()[0] ?? []) : chosen());
  return around(told, box, value, () => problemOfCount(told, chosen().length), true);
}

/**
 * @param {Told} told
 * @param {number} chosen How many were chosen.
 */
function problemOfCount(told, chosen) {
  if (!chosen) return told.required && told.least !== 0 ? word("required") : "";
  if (chosen < (told.least ?? 0)) return word("choose at least", { least: told.least });
  return chosen > (told.most ?? 1) ? word("choose at most", { most: told.most }) : "";
}

/** @param {Told} told Yes or no. */
function tickField(told) {
  const input = /** @type {HTMLInputElement} */ (
    make("input", { type: "checkbox", checked: Boolean(told.value) })
  );
  return around(told, input, () => input.checked, () => "");
}

/**
 * People, roles or channels: looked up, and kept as chips that can be taken away again.
 * @param {Told} told
 */
function thingsField(told) {
  /** @type {Map<unknown, Offer>} */
  const chosen = new Map((told.chosen ?? []).map((one) => [one.value, one]));
  const chips = make("ul", { class: "chips" });
  const input = /** @type {HTMLInputElement} */ (
    make("input", { class: "typed", placeholder: told.placeholder || word("search") })
  );
  const place = make("div", { class: "combo" }, input);
  const box = make("div", { class: "things" }, chips, place);
  const show = () => {
    chips.hidden = !chosen.size;
    chips.replaceChildren(
      ...[...chosen.values()].map((one) => {
        const off = make("button", { type: "button", "aria-label": word("take away", { name: one.label }) }, "×");
        off.addEventListener("click", () => {
          chosen.delete(one.value);
          show();
          input.focus();
          box.dispatchEvent(new Event("change", { bubbles: true }));
        });
        return make("li", {}, one.label, off);
      }),
    );
  };
  const list = new Listbox(input, place, told.label, (offer) => {
    if ((told.most ?? 1) === 1) chosen.clear();
    chosen.set(offer.value, offer);
    input.value = "";
    show();
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  const find = looked(told);
  const offer = async () => {
    const turn = list.ask();
    const found = await find(input.value).catch((problem) => {
      field.say(problem.message);
      return [];
    });
    list.answer(turn, found.filter((one) => !chosen.has(one.value)));
  };
  input.addEventListener("input", offer);
  input.addEventListener("click", offer);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !list.isOpen) {
      event.preventDefault();
      offer();
    } else if (event.key === "Backspace" && !input.value && chosen.size) {
      chosen.delete([...chosen.keys()].at(-1));
      show();
    }
  });
  show();
  const value = () => [...chosen.keys()];
  const field = around(told, box, value, () => problemOfCount(told, chosen.size));
  return field;
}

// --- the two places ---------------------------------------------------------------------------

/**
 * A field of a command.
 * @param {Told} told
 * @param {Completing} complete What the bot offers.
 * @param {() => void} next
 * @returns {Field}
 */
export function optionField(told, complete, next) {
  if (told.kind === "file") return fileField(told);
  if (told.kind === "choices") return comboField(told, known(told.options ?? []), false, next);
  if (told.kind === "boolean") {
    const options = [true, false].map((value) => ({ label: word(String(value)), value }));
    return comboField({ ...told, options }, known(options), false, next);
  }
  if (THINGS.includes(told.kind)) return comboField(told, looked(told), false, next);
  return told.complete ? comboField(told, complete, true, next) : typedField(told, told.kind === "text");
}

/**
 * A field of a dialog; of words there is nothing to send.
 * @param {Told} told
 * @returns {Field | null}
 */
export function dialogField(told) {
  if (told.kind === "words") return null;
  if (told.kind === "file") return fileField(told);
  if (told.kind === "box") return tickField(told);
  if (["choices", "radio", "boxes"].includes(told.kind)) return boxField(told);
  return THINGS.includes(told.kind) ? thingsField(told) : typedField(told);
}
