/**
 * Slash commands: `/` in the composer offers them; the chosen one takes the composer's place, with a
 * field for each of its options.
 */
import { complete, replace } from "./composer.js";
import { optionField } from "./fields.js";
import { $, ask, make, notice, on, state, word } from "./page.js";

/**
 * @typedef {import("./fields.js").Told} Told
 * @typedef {import("./fields.js").Field} Field
 * @typedef {{path: string, name: string, description: string, options: Told[]}} Command
 * @typedef {{path: string, name: string, on: "message" | "person"}} Menu
 */

const KEPT_MS = 3000;

/** @type {Promise<{commands: Command[], menus: Menu[]}> | null} */
let registered = null;
let askedAt = 0;

/** What the person may use here now: the bot may register others while the page is open. */
export function commands() {
  if (registered !== null && Date.now() - askedAt < KEPT_MS) return registered;
  askedAt = Date.now();
  registered = ask("commands").catch((problem) => {
    registered = null;
    notice(problem.message);
    return { commands: [], menus: [] };
  });
  return registered;
}

on("state", () => (registered = null));

/**
 * Those that fit what was typed after the slash, first by the beginnings of their names.
 * @param {Command[]} all
 * @param {string} typed
 */
function fitting(all, typed) {
  const wanted = typed.toLowerCase().trim();
  const place = (/** @type {Command} */ one) => {
    const names = [one.name.toLowerCase(), one.path];
    if (restOf(one, typed)) return 0;
    if (names.some((name) => name.startsWith(wanted))) return 0;
    if (names.some((name) => name.includes(wanted))) return 1;
    return one.description.toLowerCase().includes(wanted) ? 2 : 3;
  };
  const placed = all.map((one) => ({ one, place: place(one) })).filter((each) => each.place < 3);
  return placed.sort((a, b) => a.place - b.place).map((each) => each.one);
}

/** Why no command is offered here. */
function whyNone() {
  if (state.here.may.includes("commands")) return word("no apps");
  return word("may not command", { name: state.me.name });
}

/**
 * What was typed after the name of a command, for its first option.
 * @param {Command} command
 * @param {string} typed
 */
function restOf(command, typed) {
  const name = [command.name, command.path].find((one) => typed.toLowerCase().startsWith(`${one.toLowerCase()} `));
  return name === undefined ? "" : typed.slice(name.length + 1).trim();
}

complete({
  match: /^\/([^\n]*)$/u,
  items: async (found) => {
    const all = (await commands()).commands;
    if (all.length === 0) return [{ label: whyNone() }];
    return fitting(all, found[1]).map((one) => ({
      label: `/${one.name}`,
      detail: one.description,
      command: one,
    }));
  },
  pick: (item, found) => {
    if (item.command === undefined) return; // it only says why there is none
    replace(found, "");
    openCommand(item.command, restOf(item.command, found[1]));
  },
});

// A command that a message names, such as those in /help.
$("log").addEventListener("click", async (event) => {
  const named = /** @type {HTMLElement} */ (event.target).closest("[data-command]");
  if (named === null) return;
  const path = /** @type {HTMLElement} */ (named).dataset.command ?? "";
  const found = (await commands()).commands.find((one) => one.path === path);
  if (found) openCommand(found);
  else notice(word("no command", { command: `/${path}` }));
});

/** @type {HTMLFormElement | null} */
let shown = null;

/** Close the command that is being filled in. */
export function closeCommand() {
  if (shown === null) return;
  shown.remove();
  shown = null;
  $("composer").hidden = false;
  $("words").focus();
}

let place = "";
on("state", () => {
  const now = `${state.me.id} ${state.here.id}`;
  if (now !== place) closeCommand();
  place = now;
});

/**
 * Show a command with its options.
 * @param {Command} command
 * @param {string} [typed] What the first one holds already.
 */
export function openCommand(command, typed = "") {
  closeCommand();
  const form = new CommandForm(command, typed);
  shown = form.element;
  $("composer").hidden = true;
  $("composer").after(form.element);
  form.focus();
}

/** A command that is being filled in. */
class CommandForm {
  /** @type {Map<string, Field>} */
  #fields = new Map();

  /**
   * @param {Command} command
   * @param {string} typed
   */
  constructor(command, typed) {
    this.command = command;
    this.fields = make("div", { class: "entries" });
    this.more = make("div", { class: "more" });
    this.wrong = make("p", { class: "wrong", role: "alert", hidden: true });
    this.send = make("button", { type: "submit", class: "button primary", text: word("send") });
    const isAnyNeeded = command.options.some((told) => told.required);
    command.options.forEach((told, index) => {
      if (told.required || (index === 0 && !isAnyNeeded)) this.#add(told);
      else this.#offer(told);
    });
    const first = this.#fields.values().next().value?.control;
    if (typed && first?.matches("textarea, input:not([type=file])")) {
      /** @type {HTMLInputElement} */ (first).value = typed;
    }
    this.element = /** @type {HTMLFormElement} */ (
      make(
        "form",
        {
          class: "slash",
          novalidate: true,
          autocomplete: "off",
          "aria-label": `/${command.name}`,
          onsubmit: (/** @type {Event} */ event) => this.#submit(event),
          onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && closeCommand(),
        },
        make(
          "header",
          {},
          make("b", { text: `/${command.name}` }),
          make("span", { text: command.description }),
          make("button", {
            type: "button",
            class: "plain",
            text: "✕",
            "aria-label": word("cancel"),
            onclick: closeCommand,
          }),
        ),
        this.fields,
        this.wrong,
        make("div", { class: "row" }, this.more, this.send),
      )
    );
  }

  focus() {
    (this.#fields.values().next().value?.control ?? this.send).focus();
  }

  /** @param {Told} told */
  #add(told) {
    const completing = async (/** @type {string} */ typed) => {
      const fields = { command: this.command.path, option: told.id, typed, options: this.#given() };
      return (await ask("complete", fields)).options;
    };
    const field = optionField(told, completing, () => this.#goOn(told.id));
    this.#fields.set(told.id, field);
    this.fields.append(field.element);
    return field;
  }

  /** @param {Told} told An option that one may leave out. */
  #offer(told) {
    const button = make("button", {
      type: "button",
      class: "plain",
      title: told.description,
      text: `+ ${told.label}`,
      onclick: () => {
        button.remove();
        this.#add(told).control.focus();
      },
    });
    this.more.append(button);
  }

  /** @param {string} id The field that Tab leaves. */
  #goOn(id) {
    const ids = [...this.#fields.keys()];
    const next = this.#fields.get(ids[ids.indexOf(id) + 1]);
    (next?.control ?? this.more.querySelector("button") ?? this.send).focus();
  }

  #given() {
    const values = [...this.#fields].map(([id, field]) => [id, field.value()]);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.element.ariaBusy === "true") return;
    const bad = [...this.#fields.values()].filter((field) => !field.check());
    if (bad.length) {
      bad[0].control.focus();
      return;
    }
    this.element.ariaBusy = "true";
    this.wrong.hidden = true;
    try {
      await used(ask("slash", { command: this.command.path, options: this.#given() }));
      if (shown === this.element) closeCommand();
    } catch (problem) {
      const words = /** @type {Error} */ (problem).message;
      if (shown !== this.element) notice(`/${this.command.name}: ${words}`);
      this.wrong.textContent = words;
      this.wrong.hidden = false;
    } finally {
      this.element.ariaBusy = "false";
    }
  }
}

/** @type {(modal: any) => void} */
let showDialog = () => {};

/** @param {(modal: any) => void} show What shows a dialog that the bot opens. */
export function dialogsBy(show) {
  showDialog = show;
}

/**
 * Wait for an answer; a dialog that comes with it is shown.
 * @param {Promise<any>} answer
 */
export async function used(answer) {
  const told = await answer;
  if (told?.modal) setTimeout(() => showDialog(told.modal)); // when what asked for it has closed
  return told;
}
