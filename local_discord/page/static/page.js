// The page's core: the socket, the state, channels, people, messages.
// Other modules import `ask`, `on`, `state`, `word`, `notice`, `tools`.

const query = new URLSearchParams(location.search);
const token = query.get("token") ?? "";
const KEPT = 300; // messages on the page at once; older ones are fetched again
const FULL = 4000; // the close code after which a tab need not come again

/** What the server last said: `me`, `people`, `servers`, `here`, `words`. */
export const state = { me: null, people: [], servers: [], here: null, words: {}, bot: { name: "Alfred", online: false } };

const handlers = new Map();
const waiting = new Map();
let socket = null;
let number = 0;
let tries = 0;

export const $ = (id) => document.getElementById(id);

/** The page's words for a key, in the language of who one is. */
export function word(key, fields = {}) {
  const words = state.words[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole);
}

/** Call a handler at each event of a name. */
export function on(event, handler) {
  if (!handlers.has(event)) handlers.set(event, []);
  handlers.get(event).push(handler);
}

/** Ask the server to do something; resolves to its data, or throws an Error with its words. */
export function ask(act, fields = {}) {
  return new Promise((resolve, reject) => {
    if (socket?.readyState !== WebSocket.OPEN) {
      reject(new Error(word("offline")));
      return;
    }
    number += 1;
    waiting.set(number, { resolve, reject });
    socket.send(JSON.stringify({ ...fields, id: number, do: act }));
  });
}

/** Ask, and show why not when it cannot be done. */
export async function attempt(act, fields = {}) {
  try {
    return await ask(act, fields);
  } catch (error) {
    notice(error.message);
    return undefined;
  }
}

/** Show a line for some seconds. */
export function notice(text, { lasts = false } = {}) {
  const line = make("div", { class: "notice", text });
  $("notices").append(line);
  while ($("notices").children.length > 4) $("notices").firstChild.remove();
  if (!lasts) setTimeout(() => line.remove(), 8000);
  return line;
}

/** Make an element: attributes, `text`, and what to call at events (`onclick`, …). */
export function make(name, fields = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(fields)) {
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** An address of this server, with the token. */
export function address(path, fields = {}) {
  return `${path}?${new URLSearchParams({ ...fields, token })}`;
}

// --- the socket ---------------------------------------------------------------------------------

let lost = null;

function connect() {
  const where = { as: query.get("as") ?? "", at: query.get("at") ?? "" };
  socket = new WebSocket(address(`ws://${location.host}/socket`, where));
  socket.addEventListener("open", () => {
    tries = 0;
    lost?.remove();
    lost = null;
  });
  socket.addEventListener("message", (frame) => take(JSON.parse(frame.data)));
  socket.addEventListener("close", (event) => {
    for (const one of waiting.values()) one.reject(new Error(word("offline")));
    waiting.clear();
    if (event.code === FULL) return;
    tries += 1;
    lost ??= notice(word("offline"), { lasts: true });
    if (tries > 20) lost.textContent = word("gone");
    setTimeout(connect, Math.min(5000, 100 * 2 ** tries));
  });
}

function take(told) {
  if ("re" in told) {
    const one = waiting.get(told.re);
    waiting.delete(told.re);
    if (one === undefined) return;
    if (told.error === undefined) one.resolve(told.data);
    else one.reject(new Error(told.error));
    return;
  }
  for (const handle of handlers.get(told.event) ?? []) handle(told);
}

// --- the state ----------------------------------------------------------------------------------

on("state", (told) => {
  const moved = state.here?.id !== told.here.id || state.me?.id !== told.me.id;
  Object.assign(state, told);
  document.documentElement.lang = state.words.language ?? "en";
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
    element.title = element.tagName === "BUTTON" ? word(element.dataset.label) : "";
  }
  showPlaces();
  showPeople();
  showHere();
  if (moved) {
    query.set("as", state.me.id);
    query.set("at", state.here.id);
    history.replaceState(null, "", `?${query}`);
    close_places();
  }
});
on("bot", (told) => {
  state.bot = told;
  $("offline").hidden = told.online;
  $("offline").textContent = word("not online", { bot: told.name });
});
on("notice", (told) => notice(told.text, { lasts: told.kind === "full" }));

const MARKS = { text: "#", voice: "🔊", thread: "🧵", dm: "@", group: "👥 " };

/** A channel's name with its mark, as `#general`. */
export const named = (channel) => `${MARKS[channel.kind]}${channel.kind === "thread" ? " " : ""}${channel.name}`;

function showPlaces() {
  const held = document.activeElement?.dataset?.place;
  const here = state.servers.find((one) => one.id === state.here.server) ?? state.servers[0];
  $("servers").replaceChildren(
    ...state.servers.map((server) => {
      const name = server.name || word("direct messages");
      const unread = server.channels.some((one) => one.unread > 0 && one.id !== state.here.id);
      return make("button", {
        type: "button",
        class: unread ? "server unread" : "server",
        "aria-label": name,
        title: name,
        "aria-current": server === here ? "true" : null,
        "data-place": `s${server.id}`,
        text: server.name ? initials(server.name) : "✉",
        onclick: () => server.channels.length && attempt("look", { channel: server.channels[0].id }),
      });
    }),
  );
  $("channels").replaceChildren(
    make("h2", { text: here.name || word("direct messages") }),
    make("ul", {}, ...here.channels.map(placeOf)),
  );
  if (held) document.querySelector(`[data-place="${held}"]`)?.focus();
}

function placeOf(channel) {
  const pings = channel.pings > 0 ? make("b", { class: "pings", text: channel.pings }) : "";
  const unread = channel.unread > 0 && channel.id !== state.here.id;
  const button = make(
    "button",
    {
      type: "button",
      class: `place is-${channel.kind}${unread ? " unread" : ""}`,
      "aria-current": channel.id === state.here.id ? "page" : null,
      "data-place": `c${channel.id}`,
      "data-channel": channel.id,
      "data-kind": channel.kind,
    },
    make("span", { class: "mark", "aria-hidden": "true", text: MARKS[channel.kind] }),
    make("span", { class: "label", text: channel.name }),
    unread ? make("span", { class: "unseen", text: word("unread", { count: channel.unread }) }) : "",
    pings,
  );
  return make("li", {}, button);
}

const initials = (name) =>
  name
    .split(/\s+/)
    .map((part) => [...part][0])
    .slice(0, 2)
    .join("");

function showPeople() {
  const who = $("who");
  who.replaceChildren(
    ...state.people.map((one) =>
      make("option", { value: one.id, text: `${one.name} · ${word(one.kind)} · ${one.locale}` }),
    ),
  );
  who.value = state.me.id;
  who.setAttribute("aria-label", word("who", { name: state.me.name }));
}

$("who").addEventListener("change", (event) => attempt("become", { person: event.target.value }));

function showHere() {
  $("title").textContent = named(state.here);
  $("topic").textContent = state.here.topic;
  document.title = `${named(state.here)} · skydeck try`;
}

document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-channel]");
  if (place) attempt("look", { channel: place.dataset.channel });
});

// On a narrow screen the channels lie over the messages.
function close_places() {
  document.body.classList.remove("places");
  $("menu").setAttribute("aria-expanded", "false");
}
$("menu").addEventListener("click", () => {
  const open = document.body.classList.toggle("places");
  $("menu").setAttribute("aria-expanded", String(open));
  if (open) $("channels").querySelector("[aria-current]")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("places")) {
    close_places();
    $("menu").focus();
  }
});
$("panel-toggle").addEventListener("click", () => {
  const panel = $("panel");
  panel.hidden = !panel.hidden;
  $("panel-toggle").setAttribute("aria-expanded", String(!panel.hidden));
  document.body.classList.toggle("panel", !panel.hidden);
});

// --- messages -----------------------------------------------------------------------------------

const log = $("log");
let older = false;

let follows = true; // whether the newest message stays in sight

const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
const toEnd = () => {
  follows = true;
  log.scrollTop = log.scrollHeight;
  $("newest").hidden = true;
};

function articleOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const article = template.content.firstElementChild;
  article.tabIndex = -1;
  for (const element of article.querySelectorAll("[data-color]")) {
    element.style.setProperty("--color", element.dataset.color);
  }
  for (const pressed of article.querySelectorAll(".spoiler, [data-command]")) {
    pressed.tabIndex = 0;
    pressed.setAttribute("role", "button");
    if (pressed.matches(".spoiler")) pressed.setAttribute("aria-label", word("spoiler"));
  }
  return article;
}

/** The article of a message, when it is on the page. */
export const articleBy = (id) => log.querySelector(`article[data-message="${CSS.escape(id)}"]`);

on("messages", (told) => {
  if (told.channel !== state.here.id) return;
  older = told.more;
  log.replaceChildren(...told.messages.map((one) => articleOf(one.html)));
  showOlder();
  if (told.messages.length === 0) {
    log.append(make("p", { class: "empty", text: word("empty", { bot: state.bot.name }) }));
  }
  toEnd();
});

on("message", (told) => {
  if (told.channel !== state.here.id) return;
  const stays = follows;
  const fresh = articleOf(told.html);
  const old = articleBy(told.id);
  log.querySelector(".empty")?.remove();
  if (old !== null) {
    const within = old.contains(document.activeElement) ? where(document.activeElement) : null;
    old.replaceWith(fresh);
    if (within !== null) (fresh.querySelector(within) ?? fresh).focus({ preventScroll: true });
  } else {
    const before = told.after === null ? null : articleBy(told.after);
    if (before !== null) before.after(fresh);
    else if (told.after === null) log.prepend(fresh);
    else log.append(fresh);
  }
  if (stays) {
    while (log.querySelectorAll("article").length > KEPT) {
      log.querySelector("article").remove();
      older = true;
    }
    showOlder();
    toEnd();
  } else if (old === null) $("newest").hidden = false;
});

/** How to find the focused part of a message again in its new HTML. */
function where(element) {
  if (element.dataset.customId) return `[data-custom-id="${CSS.escape(element.dataset.customId)}"]`;
  if (element.dataset.answer) return `[data-answer="${element.dataset.answer}"]`;
  if (element.dataset.emoji) return `[data-emoji="${CSS.escape(element.dataset.emoji)}"]`;
  return ":scope";
}

on("gone", (told) => {
  if (told.channel === state.here.id) articleBy(told.id)?.remove();
});

on("typing", (told) => {
  if (told.channel !== state.here.id) return;
  const key = told.names.length === 1 ? "typing one" : "typing many";
  $("typing").textContent = told.names.length ? word(key, { names: told.names.join(", ") }) : "";
});

function showOlder() {
  log.querySelector(".older")?.remove();
  if (older) log.prepend(make("button", { type: "button", class: "older", text: word("older"), onclick: more }));
}

async function more() {
  const first = log.querySelector("article");
  if (first === null) return;
  const told = await attempt("more", { before: first.dataset.message });
  if (told === undefined) return;
  const height = log.scrollHeight - log.scrollTop;
  first.before(...told.messages.map((one) => articleOf(one.html)));
  older = told.more;
  showOlder();
  log.scrollTop = log.scrollHeight - height;
}

$("newest").addEventListener("click", toEnd);
let height = 0;
log.addEventListener("scroll", () => {
  if (log.clientHeight === height) follows = isAtEnd(); // else the window moved it, not its reader
  height = log.clientHeight;
  if (follows) $("newest").hidden = true;
});
const keepEnd = () => follows && toEnd();
log.addEventListener("load", keepEnd, true); // a picture has come, and has its size
new ResizeObserver(keepEnd).observe(log);

// --- what can be done with a message --------------------------------------------------------------

/** One thing to do with a message: `mark`, `label` (a key of the words), `key`, `fits`, `run`. */
export const tools = [];

const isOwn = (article) => article.classList.contains("own");
const may = (right) => state.here.may.includes(right);

tools.push(
  {
    mark: "☺",
    label: "react",
    key: "+",
    fits: () => may("react"),
    run: (id) => openReactions(id),
  },
  {
    mark: "🗑",
    label: "delete",
    key: "Delete",
    fits: (article) => isOwn(article) || may("manage") || article.classList.contains("ephemeral"),
    run: (id) => attempt("delete", { message: id }),
  },
);

const bar = make("div", { class: "toolbar", role: "toolbar" });

function showTools(article) {
  if (article === null || bar.parentElement === article) return;
  const id = article.dataset.message;
  bar.setAttribute("aria-label", word("actions"));
  bar.replaceChildren(
    ...tools
      .filter((one) => one.fits(article))
      .map((one) =>
        make("button", {
          type: "button",
          "aria-label": word(one.label),
          title: one.key ? `${word(one.label)} (${one.key})` : word(one.label),
          "data-tool": one.label,
          text: one.mark,
          onclick: () => one.run(id, article),
        }),
      ),
  );
  article.append(bar);
}

log.addEventListener("mouseover", (event) => showTools(event.target.closest("article")));
log.addEventListener("focusin", (event) => showTools(event.target.closest("article")));

const EMOJI = ["👍", "❤️", "😂", "🎉", "✅", "❌", "👀", "🔁"];

function openReactions(id) {
  const close = () => dialog.close();
  const dialog = make(
    "dialog",
    { class: "reactions-dialog", "aria-label": word("emoji"), onclose: () => dialog.remove() },
    make("h2", { text: word("emoji") }),
    make(
      "div",
      { class: "row" },
      ...EMOJI.map((emoji) =>
        make("button", {
          type: "button",
          "aria-label": emoji,
          text: emoji,
          onclick: () => {
            close();
            attempt("react", { message: id, emoji });
          },
        }),
      ),
    ),
    make("button", { type: "button", class: "button secondary", text: word("cancel"), onclick: close }),
  );
  $("dialogs").append(dialog);
  dialog.showModal();
}

log.addEventListener("click", (event) => {
  const spoiler = event.target.closest(".spoiler");
  if (spoiler) spoiler.classList.toggle("shown");
  const emoji = event.target.closest("button[data-emoji]");
  const answer = event.target.closest("button[data-answer]");
  const article = event.target.closest("article");
  if (answer && article) {
    attempt("vote", { message: article.dataset.message, answer: Number(answer.dataset.answer) });
  }
  if (emoji && article) {
    attempt("react", { message: article.dataset.message, emoji: emoji.dataset.emoji });
  }
});

// With the keyboard: up and down go from message to message, a tool's key does what it does.
log.addEventListener("keydown", (event) => {
  const article = event.target.closest("article");
  if (event.target !== log && event.target !== article) {
    if (event.key === "Escape") article?.focus();
    if (event.target.matches(".spoiler, [data-command]") && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      event.target.click();
    }
    return;
  }
  const all = [...log.querySelectorAll("article")];
  const at = article === null ? all.length : all.indexOf(article);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
  } else if (event.key === "Escape") $("words").focus();
  else if (article !== null && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const tool = tools.find((one) => one.key === event.key && one.fits(article));
    if (tool) {
      event.preventDefault();
      tool.run(article.dataset.message, article);
    }
  }
});

// When all modules have put in their handlers.
addEventListener("load", connect);
