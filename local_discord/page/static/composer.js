// Writing: mentions, replies, edits, uploads, threads. `complete` adds a palette's source.

import { $, address, ask, articleBy, attempt, make, named, notice, on, state, tools, word } from "./page.js";

const words = $("words");
const palette = $("palette");
const FILES_MAX = 10;
const WORDS_MAX = 2000; // of a message, as `WORDS_MAX` of ../../people.py
const FILE_MAX_MB = 10; // Discord's limit without Nitro
const TYPING_EVERY_MS = 8000;

let files = []; // {name, upload}
let answering = null; // the message that is replied to
let editing = null; // the message that is changed
let typed = 0;

const may = (right) => state.here?.may.includes(right);

// --- the palette --------------------------------------------------------------------------------

const sources = [];
let source = null;
let offered = [];
let chosen = 0;
let asked = 0;

/**
 * Add a source of suggestions.
 * @param {{match: RegExp, items: (found: RegExpMatchArray) => any, pick: (item: any, found: RegExpMatchArray) => void}} one
 *   `match` is held against the words before the cursor; `items` gives `{label, detail}` each.
 */
export function complete(one) {
  sources.push(one);
}

async function suggest() {
  const before = words.value.slice(0, words.selectionStart);
  asked += 1;
  const mine = asked;
  for (const one of sources) {
    const found = before.match(one.match);
    if (found === null) continue;
    const items = await one.items(found);
    if (mine !== asked) return; // more was typed meanwhile
    if (items.length === 0) continue;
    show({ one, found }, items);
    return;
  }
  hide();
}

function show(from, items) {
  source = from;
  offered = items.slice(0, 100);
  chosen = 0;
  palette.replaceChildren(
    ...offered.map((item, at) =>
      make(
        "div",
        { role: "option", id: `option-${at}`, "aria-selected": at === chosen ? "true" : "false" },
        make("span", { text: item.label }),
        item.detail ? make("small", { text: item.detail }) : "",
      ),
    ),
  );
  palette.hidden = false;
  words.setAttribute("aria-activedescendant", "option-0");
}

/** Close the palette. */
export function hide() {
  asked += 1;
  palette.hidden = true;
  source = null;
  words.removeAttribute("aria-activedescendant");
}

function choose(at) {
  const all = [...palette.children];
  all[chosen]?.setAttribute("aria-selected", "false");
  chosen = (at + all.length) % all.length;
  all[chosen].setAttribute("aria-selected", "true");
  all[chosen].scrollIntoView({ block: "nearest" });
  words.setAttribute("aria-activedescendant", all[chosen].id);
}

function pick(at) {
  const { one, found } = source;
  const item = offered[at];
  hide();
  one.pick(item, found);
}

palette.addEventListener("mousedown", (event) => {
  event.preventDefault(); // the focus stays in the words
  const option = event.target.closest("[role=option]");
  if (option) pick([...palette.children].indexOf(option));
});

/** Put words in place of what a match found before the cursor. */
export function replace(found, text) {
  const end = words.selectionStart;
  const start = end - found[0].length;
  words.setRangeText(text, start, end, "end");
  grow();
}

complete({
  match: /(?:^|(?<=\s))[@#][^\s@#]{0,32}$/u,
  items: (found) => {
    const server = state.servers.find((one) => one.id === state.here.server);
    const names = server?.names.length ? server.names : [`@${state.here.name}`];
    const wanted = found[0].toLowerCase();
    return names.filter((one) => one.toLowerCase().startsWith(wanted)).map((label) => ({ label }));
  },
  pick: (item, found) => replace(found, `${item.label} `),
});

// --- writing ------------------------------------------------------------------------------------

function grow() {
  words.style.height = "auto";
  words.style.height = `${Math.min(words.scrollHeight, 240)}px`;
}

words.addEventListener("input", () => {
  grow();
  suggest();
  if (words.value && !words.value.startsWith("/") && editing === null && Date.now() - typed > TYPING_EVERY_MS) {
    typed = Date.now();
    ask("type").catch(() => {});
  }
});

words.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (!palette.hidden) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(chosen + step);
    else if (event.key === "Enter" || event.key === "Tab") pick(chosen);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") cancel();
  else if (event.key === "ArrowUp" && words.value === "") {
    const own = [...document.querySelectorAll("#log article.own")].pop();
    if (own) {
      event.preventDefault();
      beginEdit(own.dataset.message);
    }
  }
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

let sending = false;

async function send() {
  const text = words.value;
  if (sending || (!text.trim() && files.length === 0)) return;
  const length = [...text].length;
  if (length > WORDS_MAX) {
    notice(word("too long", { most: WORDS_MAX, length }));
    return;
  }
  sending = true;
  try {
    if (editing !== null) await ask("edit", { message: editing, text });
    else {
      const uploads = files.map((one) => one.upload);
      await ask("say", { text, reply_to: answering, uploads });
    }
    words.value = "";
    typed = 0;
    files = [];
    cancel();
    showFiles();
    grow();
  } catch (error) {
    notice(error.message); // the words stay, to be sent again
  } finally {
    sending = false;
  }
}

function cancel() {
  if (editing !== null) words.value = "";
  answering = editing = null;
  $("context").hidden = true;
  hide();
}

function context(text) {
  $("context").hidden = false;
  $("context").firstElementChild.textContent = text;
  words.focus();
}

$("context").lastElementChild.addEventListener("click", () => {
  cancel();
  words.focus();
});

function beginReply(id, article) {
  cancel();
  answering = id;
  let named_ = article;
  while (named_ && !named_.querySelector(":scope > .name")) named_ = named_.previousElementSibling;
  context(word("replying", { name: named_?.querySelector(":scope > .name").textContent ?? "" }));
}

async function beginEdit(id) {
  const told = await attempt("source", { message: id });
  if (told === undefined) return;
  cancel();
  editing = id;
  words.value = told.text;
  grow();
  context(word("editing"));
}

// --- threads ------------------------------------------------------------------------------------

function beginThread(id) {
  const name = make("input", { id: "thread-name", maxlength: 100, required: true });
  const dialog = make(
    "dialog",
    { "aria-label": word("thread"), onclose: () => dialog.remove() },
    make(
      "form",
      {
        method: "dialog",
        onsubmit: async (event) => {
          event.preventDefault();
          dialog.close();
          await attempt("thread", { message: id, name: name.value });
        },
      },
      make("label", { for: "thread-name", text: word("thread name") }),
      name,
      make(
        "div",
        { class: "row" },
        make("button", { type: "submit", class: "button primary", text: word("start") }),
        make("button", {
          type: "button",
          class: "button secondary",
          text: word("cancel"),
          onclick: () => dialog.close(),
        }),
      ),
    ),
  );
  $("dialogs").append(dialog);
  dialog.showModal();
}

const isOwn = (article) => article.classList.contains("own");
const isSeen = (article) => !article.classList.contains("ephemeral");

tools.unshift(
  { mark: "↩", label: "reply", key: "r", fits: (a) => may("write") && isSeen(a), run: beginReply },
  { mark: "✎", label: "edit", key: "e", fits: isOwn, run: beginEdit },
  {
    mark: "🧵",
    label: "thread",
    key: "t",
    fits: (a) => state.here.kind === "text" && may("thread") && isSeen(a) && !a.querySelector(".thread"),
    run: beginThread,
  },
);

// --- files --------------------------------------------------------------------------------------

/** Upload a file; its key for `uploads`. */
export async function upload(file) {
  if (file.size > FILE_MAX_MB * 2 ** 20) {
    throw new Error(word("too large", { name: file.name, limit: FILE_MAX_MB }));
  }
  const to = address("/upload", { name: file.name, as: state.me.id });
  const answer = await fetch(to, { method: "POST", body: file });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).upload;
}

async function add(list) {
  if (!may("files")) return;
  for (const file of [...list].slice(0, FILES_MAX - files.length)) {
    try {
      files.push({ name: file.name, upload: await upload(file) });
    } catch (error) {
      notice(error.message);
    }
  }
  showFiles();
  words.focus();
}

function showFiles() {
  $("files").hidden = files.length === 0;
  $("files").replaceChildren(
    ...files.map((one) =>
      make(
        "li",
        {},
        make("span", { text: one.name }),
        make("button", {
          type: "button",
          text: "✕",
          "aria-label": word("remove file", { name: one.name }),
          onclick: () => {
            files = files.filter((other) => other !== one);
            showFiles();
            words.focus();
          },
        }),
      ),
    ),
  );
}

$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  await add($("file").files);
  $("file").value = "";
});
words.addEventListener("paste", (event) => {
  const data = event.clipboardData;
  if (data.files.length) {
    event.preventDefault();
    add(data.files);
    return;
  }
  const pasted = data.getData("text/plain");
  const replaced = words.selectionEnd - words.selectionStart;
  if (words.value.length - replaced + pasted.length <= WORDS_MAX || !may("files") || editing !== null) return;
  event.preventDefault(); // what is too long for a message becomes a file, as in Discord's client
  add([new File([pasted], "message.txt", { type: "text/plain" })]);
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").hidden = !may("files");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) $("drop").hidden = true;
});
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  add(event.dataTransfer.files);
});

// --- where one is -------------------------------------------------------------------------------

let place = "";

on("state", () => {
  const writes = may("write");
  words.disabled = $("send").disabled = !writes;
  $("attach").disabled = !may("files");
  words.placeholder = writes ? word("write", { place: named(state.here) }) : word("may not write");
  words.setAttribute("aria-label", words.placeholder);
  const now = `${state.me.id} ${state.here.id}`;
  if (now !== place) {
    place = now;
    cancel();
    if (matchMedia("(pointer: fine)").matches) words.focus();
  }
});
on("gone", (told) => {
  if (told.id === editing || told.id === answering) cancel();
});

// A letter typed anywhere goes to the words.
addEventListener("keydown", (event) => {
  const free = event.target === document.body || event.target === $("log");
  if (free && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) words.focus();
});

export { articleBy };
