// Voice channels: who is in them, joining and leaving, the microphone, a bad network, voice messages.
// The sound itself goes over the socket /voice (see page/voice.py), through two audio worklets.

import { $, address, attempt, make, notice, on, state, word } from "./page.js";

const RATE = 48000;
const BEHIND = 20 * 1920; // bytes: a socket that is this far behind gets no more
const TALK_KEY = "F9";
const CLOSE_UNKNOWN = 4004;

/** What the server last said: `state`, `channel`, `channels`, `muted`, `deaf`, `push`, … */
let told = { state: "out", channels: {}, network: {} };
let sound = null; // {context, loudspeaker, microphone, stream, socket, tries}
let holding = false; // the key of push-to-talk
let talking = false; // frames are being sent

/** For whoever watches from outside: frames sent and heard, when sound began to play. */
export const counts = { sent: 0, heard: 0, dropped: 0, began: 0 };
/** Called with each 20 ms that is heard, and with each that the microphone gives. */
export const listeners = { heard: null, microphone: null };

const isNeeded = () => told.state !== "out" || told.recording;

// --- sound ----------------------------------------------------------------------------------------

/** Open loudspeaker and microphone; without a microphone one can still listen. Needs a click. */
async function openSound() {
  if (sound !== null) return;
  const mine = { context: new AudioContext({ sampleRate: RATE, latencyHint: "interactive" }), tries: 0 };
  sound = mine;
  const { context } = mine;
  await Promise.all([
    context.audioWorklet.addModule("/static/loudspeaker.js"),
    context.audioWorklet.addModule("/static/microphone.js"),
  ]);
  await context.resume();
  mine.loudspeaker = new AudioWorkletNode(context, "loudspeaker", { numberOfInputs: 0 });
  mine.loudspeaker.port.onmessage = ({ data }) => {
    counts.dropped += data.dropped ?? 0;
    if (data.began !== undefined) counts.began = performance.now();
  };
  mine.loudspeaker.connect(context.destination);
  connect(mine);
  openMicrophone(mine); // whoever is asked for permission is in the call meanwhile
}

async function hasSound() {
  try {
    await openSound();
    return true;
  } catch (error) {
    closeSound();
    notice(word("no sound", { why: error.message }));
    return false;
  }
}

async function openMicrophone(mine) {
  if (!navigator.mediaDevices?.getUserMedia) {
    notice(word("microphone here"));
    return;
  }
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    if (sound !== mine) {
      stopTracks(stream);
      return;
    }
    const source = new MediaStreamAudioSourceNode(mine.context, { mediaStream: stream });
    mine.microphone = new AudioWorkletNode(mine.context, "microphone", { numberOfOutputs: 0 });
    mine.microphone.port.onmessage = ({ data }) => recorded(mine, data);
    source.connect(mine.microphone);
    mine.stream = stream;
  } catch (error) {
    const why = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing" };
    notice(word(`microphone ${why[error.name] ?? "busy"}`));
    draw();
    return;
  }
  for (const track of mine.stream.getTracks()) {
    track.addEventListener("ended", () => {
      notice(word("microphone missing"));
      mine.stream = null;
      draw();
    });
  }
  draw();
}

const stopTracks = (stream) => stream?.getTracks().forEach((track) => track.stop());

function closeSound() {
  const mine = sound;
  sound = null;
  talking = false;
  if (mine === null) return;
  stopTracks(mine.stream);
  mine.socket?.close();
  mine.context.close();
}

function connect(mine) {
  if (sound !== mine || !told.key) return;
  const socket = new WebSocket(address(`ws://${location.host}/voice`, { key: told.key }));
  socket.binaryType = "arraybuffer";
  mine.socket = socket;
  socket.addEventListener("open", () => (mine.tries = 0));
  socket.addEventListener("message", ({ data }) => {
    counts.heard += 1;
    listeners.heard?.(data.slice(0));
    mine.loudspeaker.port.postMessage(data, [data]);
  });
  socket.addEventListener("close", (event) => {
    if (sound !== mine || mine.socket !== socket || event.code === CLOSE_UNKNOWN) return;
    mine.tries += 1;
    setTimeout(() => isNeeded() && connect(mine), Math.min(5000, 100 * 2 ** mine.tries));
  });
}

const mayTalk = () =>
  told.recording || (told.state === "in" && !told.muted && (!told.push || holding));

function recorded(mine, { pcm, peak }) {
  level.value = peak;
  listeners.microphone?.(pcm.slice(0));
  const { socket } = mine;
  if (socket?.readyState !== WebSocket.OPEN) return;
  if (!mayTalk()) {
    if (talking) socket.send(new ArrayBuffer(0)); // the others' clients need not guess
    talking = false;
    return;
  }
  talking = true;
  if (socket.bufferedAmount > BEHIND) return;
  counts.sent += 1;
  socket.send(pcm);
}

function hold(down) {
  holding = down && told.push;
  talk.setAttribute("aria-pressed", String(holding));
}

// --- the bar --------------------------------------------------------------------------------------

const button = (label, run, fields = {}) =>
  make("button", { type: "button", class: "button secondary", "data-word": label, onclick: run, ...fields });
const toggle = (label, name) =>
  button(label, () => attempt("mute", { [name]: !told[name] }), { "aria-pressed": "false" });

const line = make("span", { id: "call-state", role: "status" });
const people = make("ul", { id: "call-people" });
const level = make("meter", { min: 0, max: 1, "data-label": "microphone" });
const join = button("join call", enter, { class: "button primary" });
const mute = toggle("mute", "muted");
const deaf = toggle("deafen", "deaf");
const push = toggle("push to talk", "push");
const talk = button("hold to talk", () => {}, { "aria-pressed": "false" });
const leave = button("leave call", () => attempt("leave"), { class: "button danger" });
const SPOILS = {
  "network loss": { loss: 0.1 },
  "network jitter": { jitter_ms: 80 },
  "network reorder": { reorder: 0.1 },
  "network duplicate": { duplicate: 0.1 },
};
const spoils = Object.entries(SPOILS).map(([label, fields]) => {
  const box = make("input", { type: "checkbox", onchange: spoil });
  return { box, fields, row: make("label", {}, box, make("span", { "data-word": label })) };
});
const lost = make("span", { id: "call-lost" });
const network = make(
  "details",
  { id: "call-network" },
  make("summary", { "data-word": "network" }),
  make(
    "div",
    {},
    ...spoils.map((one) => one.row),
    button("network region", () => attempt("network", { trouble: "region" })),
    button("network drop", () => attempt("network", { trouble: "drop" })),
    lost,
  ),
);
const inside = [level, mute, deaf, push, talk, leave, network];
const bar = make(
  "section",
  { id: "call", "data-label": "voice channel", hidden: true },
  line,
  people,
  make("div", { class: "row" }, join, ...inside),
);
document.querySelector("main > header").after(bar);

function spoil() {
  const fields = spoils.filter((one) => one.box.checked).map((one) => one.fields);
  attempt("network", Object.assign({}, ...fields));
}

async function enter() {
  join.disabled = true;
  const joined = (await hasSound()) ? await attempt("join", { channel: state.here.id }) : undefined;
  join.disabled = false;
  if (joined === undefined && !isNeeded()) closeSound();
}

talk.addEventListener("pointerdown", (event) => {
  talk.setPointerCapture(event.pointerId);
  hold(true);
});
for (const end of ["pointerup", "pointercancel", "blur"]) talk.addEventListener(end, () => hold(false));
const isTalkKey = (event) =>
  event.key === TALK_KEY || (event.target === talk && (event.key === " " || event.key === "Enter"));
addEventListener("keydown", (event) => {
  if (told.push && told.state === "in" && isTalkKey(event)) {
    event.preventDefault();
    if (!event.repeat) hold(true);
  }
});
addEventListener("keyup", (event) => {
  if (holding && isTalkKey(event)) {
    event.preventDefault();
    hold(false);
  }
});
addEventListener("blur", () => hold(false));

function draw() {
  const isIn = told.state === "in";
  const isHere = state.here?.kind === "voice";
  bar.hidden = !isHere && told.state === "out";
  const name = told.name ?? state.here?.name ?? "";
  line.textContent = told.state === "out" ? "" : word(isIn ? "in call" : "joining call", { name });
  join.hidden = told.state === "joining" || !isHere || told.channel === state.here.id;
  join.textContent = word("join call", { name: state.here?.name ?? "" });
  for (const element of inside) element.hidden = !isIn;
  talk.hidden = !isIn || !told.push;
  level.hidden = !isIn || !sound?.stream;
  if (!isIn || !told.push) hold(false);
  for (const [element, name_] of [[mute, "muted"], [deaf, "deaf"], [push, "push"]]) {
    element.setAttribute("aria-pressed", String(Boolean(told[name_])));
  }
  for (const { box, fields } of spoils) {
    const [[key, value]] = Object.entries(fields);
    box.checked = told.network[key] === value;
  }
  lost.textContent = told.lost > 0 ? word("packets lost", { count: told.lost }) : "";
  const shown = told.channels[told.channel ?? state.here?.id] ?? [];
  people.replaceChildren(...shown.map(personOf));
  drawPlaces();
  drawRecording();
}

/** Who is in which channel, below each in the list. */
function drawPlaces() {
  for (const [channel, there] of Object.entries(told.channels)) {
    const item = $("channels").querySelector(`[data-channel="${CSS.escape(channel)}"]`)?.parentElement;
    if (!item) continue;
    item.querySelector("ul")?.remove();
    if (there.length > 0) item.append(make("ul", { class: "inside" }, ...there.map(personOf)));
  }
}

function personOf(one) {
  const marks = [one.muted ? "muted" : "", one.deaf ? "deafened" : ""].filter(Boolean);
  return make(
    "li",
    { class: one.speaking ? "speaking" : null, "data-person": one.id },
    make("span", { text: one.name }),
    ...marks.map((mark) => make("span", { role: "img", "aria-label": word(mark), text: mark === "muted" ? "🔇" : "⛔" })),
    one.speaking ? make("span", { class: "unseen", text: word("speaks") }) : "",
  );
}

// --- voice messages -------------------------------------------------------------------------------

const record = make("button", { type: "button", id: "record", "data-label": "record", text: "🎙", onclick: start });
const clock = make("span", { role: "timer" });
const recording = make(
  "div",
  { id: "recording", hidden: true },
  make("span", { class: "dot", "aria-hidden": "true" }),
  clock,
  button("cancel", () => finish("cancel")),
  button("send", () => finish("send"), { class: "button primary" }),
);
$("tools").append(record);
$("line").before(recording);
let since = 0;
let ticking = null;

async function start() {
  if (!(await hasSound())) return;
  const begun = await attempt("record", { step: "start" });
  if (begun === undefined && !isNeeded()) closeSound();
}

async function finish(step) {
  await attempt("record", { step });
  $("words").focus();
}

function drawRecording() {
  const may = state.here?.may.includes("record");
  record.hidden = !may || told.recording;
  const began = told.recording && recording.hidden;
  recording.hidden = !told.recording;
  if (began) {
    since = Date.now();
    ticking = setInterval(tick, 250);
    tick();
    recording.querySelector(".button:last-child").focus();
  } else if (!told.recording) {
    clearInterval(ticking);
  }
}

function tick() {
  const seconds = Math.floor((Date.now() - since) / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  clock.textContent = word("recording", { time });
}

recording.addEventListener("keydown", (event) => {
  if (event.key === "Escape") finish("cancel");
});

// --- what the server says -------------------------------------------------------------------------

on("voice", (event) => {
  const before = told;
  told = event;
  if (sound !== null && !isNeeded() && before.state !== "out") closeSound();
  else if (sound !== null && !isNeeded() && before.recording) closeSound();
  else if (sound !== null && event.key !== before.key) connect(sound);
  draw();
});
on("state", draw);
addEventListener("pagehide", closeSound);
