/**
 * What is under and in messages: buttons, menus, and the commands of the right click.
 *
 * Messages come as HTML from the server; their buttons and menus have `data-custom-id`, and names of
 * people `data-person`. All are bound here by delegation.
 */
import { commands, used } from "./commands.js";
import { showFields } from "./dialog.js";
import { $, ask, make, notice, tools, word } from "./page.js";

const BUTTON = "2";
const HOLD_MS = 500;
const HOLD_PX = 10;

// --- buttons and menus ----------------------------------------------------------------------------

/** @param {HTMLElement} component */
async function press(component) {
  if (component.ariaBusy === "true") return;
  const { message, customId, type } = component.dataset;
  const fields = { message, component: customId };
  component.ariaBusy = "true";
  try {
    if (type === BUTTON) await used(ask("press", fields));
    else await choose(component, fields);
  } catch (problem) {
    failed(component, /** @type {Error} */ (problem).message);
  } finally {
    component.ariaBusy = "false";
  }
}

/**
 * @param {HTMLElement} component A menu.
 * @param {Record<string, unknown>} fields
 */
async function choose(component, fields) {
  const told = await ask("open", fields);
  const label = told.label || word("choose");
  showFields(label, [{ ...told, label, isTitled: true, required: told.least > 0 }], (values) =>
    used(ask("select", { ...fields, values: values[told.id] })),
  );
}

/**
 * Discord's client says below the message that it failed.
 * @param {HTMLElement} component
 * @param {string} words
 */
function failed(component, words) {
  const message = component.closest("article");
  if (!message?.isConnected) {
    notice(words);
    return;
  }
  message.querySelector(":scope > .failed")?.remove();
  message.append(make("p", { class: "failed", role: "alert", text: words }));
}

$("log").addEventListener("click", (event) => {
  const component = /** @type {Element} */ (event.target).closest("[data-custom-id]");
  if (component && !component.matches(":disabled")) press(/** @type {HTMLElement} */ (component));
});

// --- the right click ---------------------------------------------------------------------------

/** @type {HTMLElement | null} */
let menu = null;
/** @type {HTMLElement | null} */
let opener = null;

/** @param {boolean} [returns] Whether the focus goes back to where it was. */
function close(returns = true) {
  document.removeEventListener("keydown", steer, true);
  menu?.remove();
  menu = null;
  if (returns) opener?.focus();
  opener = null;
}

/**
 * @param {string} path The command.
 * @param {Record<string, string>} target
 */
async function use(path, target) {
  close();
  try {
    await used(ask("menu", { name: path, ...target }));
  } catch (problem) {
    notice(/** @type {Error} */ (problem).message);
  }
}

/**
 * The commands for a message and for who wrote it, or for a person.
 * @param {HTMLElement} on
 * @param {number} x
 * @param {number} y
 */
async function showMenu(on, x, y) {
  const article = /** @type {HTMLElement | null} */ (on.closest("article"));
  const person = on.dataset.person ?? article?.dataset.author;
  const message = article?.dataset.message;
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const offered = (await commands()).menus;
  close(false);
  const groups = [
    message ? { name: word("apps for message"), on: "message", target: { message } } : null,
    person ? { name: word("apps for person"), on: "person", target: { person } } : null,
  ];
  if (on.dataset.person) groups.reverse(); // what was pressed comes first
  const parts = groups.flatMap((group) => {
    const fitting = offered.filter((one) => one.on === group?.on);
    if (group === null || !fitting.length) return [];
    const items = fitting.map((one) =>
      make("button", {
        type: "button",
        role: "menuitem",
        tabindex: -1,
        text: one.name,
        onclick: () => use(one.path, group.target),
      }),
    );
    const inside = [make("b", { "aria-hidden": "true", text: group.name }), ...items];
    return [make("div", { role: "group", "aria-label": group.name }, ...inside)];
  });
  if (!parts.length) parts.push(make("span", { text: word("no apps") }));
  menu = make("div", { class: "apps", role: "menu", tabindex: -1, "aria-label": word("apps") }, ...parts);
  document.addEventListener("keydown", steer, true); // a finger that leaves may take the focus away
  document.body.append(menu);
  opener = before;
  menu.style.left = `${Math.max(4, Math.min(x, innerWidth - menu.offsetWidth - 4))}px`;
  menu.style.top = `${Math.max(4, Math.min(y, innerHeight - menu.offsetHeight - 4))}px`;
  (/** @type {HTMLElement | null} */ (menu.querySelector("[role=menuitem]")) ?? menu).focus();
}

/** @param {KeyboardEvent} event */
function steer(event) {
  const items = /** @type {HTMLElement[]} */ ([...(menu?.querySelectorAll("[role=menuitem]") ?? [])]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const count = items.length;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + count, Home: 0, End: count - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (to !== undefined && count) items[to % count].focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * A message or a person, for which there are commands.
 * @param {EventTarget | null} target
 */
function subject(target) {
  if (!(target instanceof Element) || target.closest("a, input, textarea, audio, img")) return null;
  return /** @type {HTMLElement | null} */ (target.closest("[data-person], article"));
}

tools.push({
  mark: "⋯",
  label: "apps",
  key: "a",
  fits: () => true,
  run: (/** @type {string} */ _, /** @type {HTMLElement} */ article) => {
    const box = article.getBoundingClientRect();
    showMenu(article, box.right - 200, Math.max(box.top, 0) + 24);
  },
});

$("log").addEventListener("contextmenu", (event) => {
  const on = subject(event.target);
  const selected = getSelection();
  if (!on || (selected?.toString() && selected.containsNode(on, true))) return; // to be copied
  event.preventDefault();
  const box = on.getBoundingClientRect();
  const isByKey = event.clientX === 0 && event.clientY === 0;
  showMenu(on, isByKey ? box.left + 72 : event.clientX, isByKey ? box.top + 20 : event.clientY);
});

// A finger that rests on a message, since not every phone's browser makes a right click of that.
let holding = 0;
let [startX, startY] = [0, 0];

$("log").addEventListener("pointerdown", (event) => {
  clearTimeout(holding);
  const on = subject(event.target);
  if (event.pointerType !== "touch" || !on) return;
  [startX, startY] = [event.clientX, event.clientY];
  holding = setTimeout(() => menu === null && showMenu(on, startX, startY), HOLD_MS);
});
for (const name of ["pointerup", "pointercancel"]) {
  $("log").addEventListener(name, () => clearTimeout(holding));
}
$("log").addEventListener("pointermove", (event) => {
  if (Math.hypot(event.clientX - startX, event.clientY - startY) > HOLD_PX) clearTimeout(holding);
});
document.addEventListener("pointerdown", (event) => {
  if (menu && !(event.target instanceof Element && menu.contains(event.target))) close(false);
});
