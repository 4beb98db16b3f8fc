// The panel for the curious: where a turn's time went, jobs, the ledger, requests, the bot's log.
// It asks once a second while it is open; all that it shows is text.
import { $, ask, make, on, state, word } from "./page.js";

const EVERY_MS = 1000;
const SCALE = 1000; // units of a bar's whole width
const TABS = ["turns", "jobs", "ledger", "requests", "log"];
const SVG = "http://www.w3.org/2000/svg";
const panel = $("panel");

let chosen = TABS[0];
let told = null;
let timer = null;
let language = "";

// --- the frame ----------------------------------------------------------------------------------

const tabs = TABS.map((name) =>
  make("button", {
    type: "button",
    role: "tab",
    id: `tab-${name}`,
    "aria-controls": "panel-body",
    "data-word": `panel ${name}`,
    onclick: () => choose(name),
  }),
);
const list = make("div", { role: "tablist", "data-label": "panel", onkeydown: move }, ...tabs);
const body = make("div", { id: "panel-body", role: "tabpanel", tabindex: 0 });
const close = make("button", { type: "button", class: "close", "data-label": "close", text: "✕", onclick: shut });
panel.append(make("header", {}, make("h2", { "data-word": "panel" }), close), list, body);
panel.removeAttribute("data-label");
panel.setAttribute("aria-labelledby", "panel-title");
panel.querySelector("h2").id = "panel-title";

function move(event) {
  const at = TABS.indexOf(chosen);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(TABS[(to + TABS.length) % TABS.length]);
  $(`tab-${chosen}`).focus();
}

function choose(name) {
  chosen = name;
  for (const tab of tabs) {
    const is = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
  }
  body.setAttribute("aria-labelledby", `tab-${name}`);
  body.replaceChildren();
  show();
}

function shut() {
  if (!panel.hidden) $("panel-toggle").click();
  $("panel-toggle").focus();
}

panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  shut();
});
// The core's own listener, which came first, has shown or hidden the panel.
$("panel-toggle").addEventListener("click", () => {
  if (panel.hidden) return;
  $(`tab-${chosen}`).focus();
  refresh();
});
on("state", () => {
  if (language === state.words.language) return;
  language = state.words.language;
  body.replaceChildren();
  show();
});
choose(chosen);

async function refresh() {
  clearTimeout(timer);
  if (panel.hidden) return;
  if (!document.hidden) {
    try {
      told = await ask("panel");
      show();
    } catch (error) {
      if (told === null) body.replaceChildren(make("p", { class: "none", text: error.message }));
    }
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, EVERY_MS);
}

// --- lists that keep what has the focus -----------------------------------------------------------

/** Show items in a list, newest first; an element stays as long as its item's key does. */
function fill(into, items, key, show_one, none) {
  const old = new Map([...into.children].map((element) => [element.dataset.key, element]));
  const shown = items.map((item) => {
    const name = String(key(item));
    const was = old.get(name);
    const text = JSON.stringify(item);
    if (was?.dataset.shown === text) return was;
    const made = show_one(item, was);
    made.dataset.key = name;
    made.dataset.shown = text;
    return made;
  });
  for (const element of [...into.children]) if (!shown.includes(element)) element.remove();
  shown.forEach((element, at) => {
    if (into.children[at] !== element) into.insertBefore(element, into.children[at] ?? null);
  });
  if (shown.length === 0) into.append(make("p", { class: "none", text: none }));
}

/** A line that opens: its summary, and what `inside` makes when it is opened first. */
function opening(summary, inside, was) {
  if (was !== undefined) {
    was.querySelector("summary").replaceChildren(...summary);
    return was;
  }
  const one = make("details", {}, make("summary", {}, ...summary));
  one.addEventListener("toggle", async () => {
    if (one.open && one.children.length === 1) one.append(await inside());
  });
  return one;
}

/** The parts that the server tells of one entry or job, each under its name. */
async function whole(fields) {
  try {
    const { parts } = await ask("panel", fields);
    const shown = Object.entries(parts).map(([name, text]) =>
      make("section", {}, make("h4", { text: word(`panel ${name}`) }), make("pre", { tabindex: 0, text })),
    );
    return make("div", {}, ...(shown.length ? shown : [make("p", { class: "none", text: word("panel empty") })]));
  } catch (error) {
    return make("p", { class: "none", text: error.message });
  }
}

// By 24 hours, as the messages beside it say.
const clock = (time) => new Date(time).toLocaleTimeString(language || "en", { hourCycle: "h23" });
const when = (time) =>
  make("time", { datetime: time, text: time ? clock(time) : "" });
const ms = (value) =>
  value === null || value === undefined
    ? "–"
    : value < 1000
      ? `${Math.round(value)} ms`
      : `${(value / 1000).toLocaleString(language || "en", { maximumFractionDigits: 2 })} s`;
const dollars = (micro) =>
  (micro / 1e6).toLocaleString(language || "en", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
  });
const quiet = (text) => make("small", { text });
const facts = (...parts) => quiet(parts.filter(Boolean).join(" · "));

// --- what the tabs show ---------------------------------------------------------------------------

const SHOWN = { turns: showTurns, jobs: showJobs, ledger: showLedger, requests: showRequests, log: showLog };

function show() {
  if (told === null || !language) return;
  body.querySelector(":scope > .none")?.remove();
  SHOWN[chosen]();
}

/** The list of a tab's name, made when it is first needed. */
function within(name) {
  const found = body.querySelector(`[data-list="${name}"]`);
  if (found !== null) return found;
  const made = make("div", { class: "list", "data-list": name });
  body.append(made);
  return made;
}

function showTurns() {
  fill(within("turns"), told.turns, (one) => `${one.kind} ${one.time}`, turn, word("panel no turns"));
  const first = body.querySelector("details");
  if (first !== null && body.querySelector("details[open]") === null && !first.dataset.seen) {
    first.open = true;
    first.dataset.seen = "yes";
  }
}

function turn(one, was) {
  const summary = [
    make("b", { text: word(`panel ${one.kind}`) }),
    ` ${ms(one.total_ms)} `,
    when(one.time),
  ];
  if (was === undefined) {
    const made = make("details", {}, make("summary", {}, ...summary), waterfall(one));
    return made;
  }
  was.replaceChildren(make("summary", {}, ...summary), waterfall(one));
  return was;
}

function waterfall(one) {
  const total = Math.max(one.total_ms ?? 0, ...one.steps.map((step) => step.begins_ms + step.lasts_ms), 1);
  const rows = one.steps
    .filter((step) => step.lasts_ms >= 0.5 || one.kind === "written")
    .map((step) =>
      make(
        "tr",
        {},
        make("th", { scope: "row", title: word(`owner ${step.owner}`) }, named(step), make("span", { class: "unseen", text: ` (${word(`owner ${step.owner}`)})` })),
        make("td", { class: "bar" }, bar(step, total)),
        make("td", { class: "ms", text: ms(step.lasts_ms) }),
      ),
    );
  const inside = Object.entries(one.service_ms).map(([name, value]) => `${name} ${ms(value)}`);
  return make(
    "div",
    { class: "waterfall" },
    make("table", {}, make("caption", { class: "unseen", text: word("panel turns") }), make("tbody", {}, ...rows)),
    make(
      "p",
      { class: "legend" },
      ...["ours", "wait", "service"]
        .filter((owner) => one.steps.some((step) => step.owner === owner))
        .map((owner) => make("span", { class: `is-${owner}`, text: word(`owner ${owner}`) })),
    ),
    one.own_ms === undefined || one.own_ms === null ? "" : make("p", {}, quiet(word("panel own", { ms: ms(one.own_ms) }))),
    inside.length ? make("p", {}, quiet(word("panel inside", { parts: inside.join(", ") }))) : "",
  );
}

/** A step's name: a phase in the reader's language, or a request as it is. */
function named(step) {
  const key = `phase ${step.name}`;
  return state.words[key] ?? step.name;
}

function bar(step, total) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${SCALE} 10`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS(SVG, "rect");
  const width = Math.max(8, (step.lasts_ms / total) * SCALE);
  rect.setAttribute("x", String(Math.min((step.begins_ms / total) * SCALE, SCALE - width)));
  rect.setAttribute("width", String(width));
  rect.setAttribute("height", "10");
  rect.setAttribute("class", ["ours", "wait", "service"].includes(step.owner) ? `is-${step.owner}` : "");
  svg.append(rect);
  return svg;
}

const books = (rows) => rows ?? [];
const noBooks = (rows) => word(rows === null ? "panel no database" : "panel nothing");

function showJobs() {
  fill(within("jobs"), books(told.jobs), (one) => one.number, job, noBooks(told.jobs));
}

function job(one, was) {
  const state_of = one.ending || one.stage;
  const summary = [
    make("b", { text: `#${one.number} ${one.service} ${one.module}` }),
    make("span", { class: "state", "data-state": state_of, text: word(`job ${state_of}`) }),
    facts(one.user, one.title),
  ];
  const inside = async () =>
    make(
      "div",
      {},
      make("p", {}, word("job created"), " ", when(one.created_at)),
      one.submitted_at ? make("p", {}, word("job sent"), " ", when(one.submitted_at)) : "",
      one.finished_at ? make("p", {}, word("job ended"), " ", when(one.finished_at)) : "",
      one.detail ? make("p", { text: one.detail }) : "",
      await whole({ job: String(one.number) }),
    );
  const shown = opening(summary, inside, was);
  if (was !== undefined && was.open && was.dataset.state !== state_of) {
    inside().then((made) => was.replaceChildren(was.querySelector("summary"), made));
  }
  shown.dataset.state = state_of;
  return shown;
}

function showLedger() {
  fill(within("ledger"), books(told.ledger), (one) => one.call, line, noBooks(told.ledger));
}

function line(one) {
  const settled = one.settled_at !== null && one.settled_at !== undefined;
  const tokens = one.input_tokens === null ? "" : `${one.input_tokens} → ${one.output_tokens ?? 0} ${word("panel tokens")}`;
  return make(
    "div",
    { class: "line" },
    make(
      "div",
      {},
      make("b", { text: `${one.service} ${one.module}` }),
      make("span", { class: "state", text: settled ? dollars(one.cost_micro_usd) : `${dollars(one.reserved_micro_usd)} ${word("panel reserved")}` }),
    ),
    facts(
      one.user,
      one.basis ? word(`basis ${one.basis}`) : "",
      one.delay_ms === null ? "" : `${word("panel waited")} ${ms(one.delay_ms)}`,
      one.execution_ms === null ? "" : `${word("panel ran")} ${ms(one.execution_ms)}`,
      tokens,
    ),
    " ",
    when(one.at),
  );
}

function showRequests() {
  if (told.problems.length) {
    const items = told.problems.map((text, at) => ({ text, left: told.problems.length - at }));
    const shown = (one) => make("p", { class: "problem", text: one.text });
    fill(problems(), items, (one) => `${one.left} ${one.text}`, shown, "");
  }
  fill(within("requests"), told.requests, (one) => one.number, request, word("panel nothing"));
}

/** The list of what Discord would have refused, above the requests; there as soon as one is. */
function problems() {
  if (body.querySelector("section.problems") === null) {
    const title = make("h3", { text: word("panel problems") });
    body.prepend(make("section", { class: "problems" }, title, make("div", { class: "list" })));
  }
  return body.querySelector("section.problems > .list");
}

function request(one, was) {
  const bad = one.kind === "request" && one.status >= 400;
  const summary = [
    make("b", { class: one.kind === "event" ? "event" : "", text: one.name }),
    one.kind === "event"
      ? make("span", { class: "state", text: word("panel event") })
      : make("span", { class: bad ? "state bad" : "state", text: one.status ? `${one.status} · ${ms(one.lasts_ms)}` : "…" }),
    when(one.time),
  ];
  return opening(summary, () => whole({ entry: one.number }), was);
}

function showLog() {
  fill(within("log"), told.log, (one) => one.number, logged, word("panel nothing"));
}

function logged(one) {
  const bad = ["WARNING", "ERROR", "CRITICAL"].includes(one.level);
  return make(
    "div",
    { class: bad ? "line bad" : "line" },
    make("div", {}, make("b", { text: one.level }), " ", quiet(one.logger), " ", when(one.time)),
    make("pre", { text: one.message }),
  );
}
