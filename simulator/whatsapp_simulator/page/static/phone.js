// The phone of one person: their chat, and what a tester can do in their place.

import { get, personPath, post } from "./api.js";
import { bubble, event } from "./bubble.js";
import { button, byId, el, keep, notice, trying } from "./dom.js";
import { deed, inOneLine, withShown } from "./rows.js";
import { day } from "./times.js";

const ROWS = 200;

let chosen = null; // key of the person
let person = null; // as last told
let mode = null; // what the composer writes
let numbers = [];
let now = 0; // on the simulated clock
let parts = null; // elements of the device

export const chosenKey = () => chosen;

export async function choose(key) {
  if (key !== chosen) {
    chosen = key;
    person = parts = null;
  }
  await refresh();
  byId("phone").focus({ preventScroll: true });
}

export function forget() {
  chosen = person = parts = null;
  byId("device").hidden = true;
  byId("phone-empty").hidden = false;
}

export async function refresh({ setup, clock } = {}) {
  if (setup) numbers = setup.numbers;
  if (clock) now = clock.now;
  if (!chosen) return;
  const key = chosen;
  try {
    const told = await get(`phones/${encodeURIComponent(key)}?limit=${ROWS}`);
    if (key === chosen) draw(told);
  } catch (problem) {
    // Somebody has reset the simulator.
    if (problem.status !== 404) throw problem;
    if (key === chosen) forget();
  }
}

function draw(told) {
  const device = byId("device");
  if (!parts) {
    parts = makeParts(told);
    begin(null);
    device.replaceChildren(...parts.all);
    device.hidden = false;
    byId("phone-empty").hidden = true;
  }
  const isNew = person === null;
  person = told;
  drawHead();
  drawNumbers();
  drawChat(isNew);
}

function makeParts(told) {
  const name = el("h2", { id: "device-title" });
  const facts = el("p", { class: "facts quiet" });
  const switches = el("div", { class: "switches", role: "group", "aria-label": "Settings of the person" });
  const rows = el("ol", { class: "plain" });
  const chat = el("div", { class: "chat", role: "log", "aria-live": "polite", "aria-labelledby": "device-title", tabindex: "0" }, rows);
  const modeLine = el("p", { class: "mode", hidden: true });
  const text = el("textarea", { name: "text", rows: "1", "aria-label": `Message from ${told.name}`, maxlength: "65536", dir: "auto" });
  const number = el("select", { name: "number", "aria-label": "To which number" });
  const samples = Object.entries(KINDS).map(([kind, label]) => button(label, trying(() => attach(kind))));
  const file = el("input", { type: "file", class: "hidden", tabindex: "-1", "aria-label": "File to send" });
  file.addEventListener("change", trying(() => attachFile(file)));
  const own = button("A file of yours …", () => file.click());
  const files = el("details", { class: "attach" }, el("summary", { "aria-label": "Send a file" }, "+"), el("div", { class: "menu" }, own, samples, file));
  const composer = el("form", { class: "composer", "aria-label": "Write as the person" }, number, files, text, el("button", { type: "submit", class: "main" }, "Send"));
  composer.addEventListener("submit", trying(send));
  text.addEventListener("keydown", (pressed) => {
    if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing) {
      pressed.preventDefault();
      composer.requestSubmit();
    }
    if (pressed.key === "Escape") begin(null);
  });
  const head = el("div", { class: "device-head" }, name, facts, switches);
  return { all: [head, chat, modeLine, composer], name, facts, switches, chat, rows, mode: modeLine, text, number, attach: files };
}

function drawHead() {
  parts.name.replaceChildren(el("bdi", {}, person.name));
  const facts = [
    person.phone,
    person.username && `@${person.username}`,
    person.phone && !person.phone_known && "phone not known to the business",
    person.stopped_natively && "stopped marketing",
    person.has_left && !person.stopped_natively && "has left",
    person.blocks_business && "blocks the business",
    person.blocked_by_business && "blocked by the business",
    person.unreachable && "unreachable",
  ];
  parts.facts.textContent = facts.filter(Boolean).join(" · ");
  const switches = [
    person.stopped_natively ? ["resume", "Resume marketing"] : ["stop", "Stop marketing"],
    person.blocks_business ? ["unblock", "Unblock business"] : ["block", "Block business"],
  ];
  keep(parts.switches, switches, (one, place) => place, ([name, label]) =>
    button(label, trying(() => flip(name)), { "data-focus": "switch" }),
  );
}

function drawNumbers() {
  const facts = numbers.map((number) => [number.phone_number_id, `${number.verified_name} ${number.display_phone_number}`]);
  keep(parts.number, facts, ([id]) => id, ([id, label]) => el("option", { value: id }, label));
  parts.number.hidden = numbers.length < 2;
}

function drawChat(isNew) {
  const { chat, rows } = parts;
  const atEnd = isNew || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const before = rows.lastElementChild?.dataset.key;
  keep(rows, rowsOf(person), (item) => item.key, drawn, (item) => JSON.stringify(item));
  if (atEnd && before !== rows.lastElementChild?.dataset.key) chat.scrollTop = chat.scrollHeight;
  if (isNew) parts.number.value = person.chat.at(-1)?.phone_number_id ?? parts.number.value;
}

// Rows for the list: days between messages, reactions with the message they belong to.
function rowsOf({ chat, chat_total: total, read_up_to: read, typing_until: typing }) {
  const byWamid = new Map(chat.map((row) => [row.wamid, row]));
  const reactions = new Map();
  const rows = total > chat.length ? [{ key: "earlier", earlier: total - chat.length }] : [];
  let today = "";
  for (const told of chat) {
    const row = withShown(told);
    const { reaction, context } = row.shown;
    if (reaction && byWamid.has(reaction.message_id)) {
      const others = reactions.get(reaction.message_id) ?? {};
      reactions.set(reaction.message_id, { ...others, [row.from]: reaction.emoji });
      continue;
    }
    if (day(row.at) !== today) rows.push({ key: day(row.at), day: day(row.at) });
    today = day(row.at);
    row.isRead = row.from === "person" && row.seq <= read;
    rows.push({ key: `${row.from}-${row.seq}`, row, quoted: byWamid.get(context) ?? null });
  }
  if (typing > now) rows.push({ key: "typing", typing });
  for (const item of rows) item.reactions = Object.values(reactions.get(item.row?.wamid) ?? {}).filter(Boolean);
  return rows;
}

function drawn({ earlier, typing, day: date, row, quoted: answered, reactions }) {
  if (earlier) return el("li", { class: "event" }, `${earlier.toLocaleString("en-GB")} earlier messages are not shown`);
  if (typing) return el("li", { class: "event" }, "The business is typing …");
  if (date) return el("li", { class: "event day" }, date);
  return deed(row) ? event(row) : bubble(row, { acts, quoted: answered, reactions });
}

// What a tap leads to, by kind of button; all others are answers.
const LEADS = {
  phone: (one) => notice(`The phone would call ${one.phone}.`),
  voice_call: () => notice("The phone would call the business."),
  copy_code: (one) => notice(`Copied on the phone: ${one.code}`),
  otp: (one) => notice(`Copied on the phone: ${one.code}`),
  product: () => notice("The phone would open the article."),
  catalog: () => notice("The phone would open the catalogue."),
  address: () => notice("The phone would ask for the address."),
  pay: () => notice("The phone would open the payment."),
  flow: (one, row) => begin({ act: "fill", row, label: "Form", hint: "One answer a line, as name: value", bodyOf: (text) => ({ response: answersIn(text) }) }),
  location: (one, row) => begin({ act: "send", row, label: "Place", hint: "41.3874, 2.1686", bodyOf: placeIn }),
  call_permission: (one, row) => does("allow-calls", { ...about(row), accepts: true }),
  contact_info: (one, row) => does("share-number", about(row)),
};

const about = (row) => ({ wamid: row.wamid, phone_number_id: row.phone_number_id });

const acts = {
  tap: trying(async (row, one) => {
    const lead = LEADS[one.kind];
    if (lead) return lead(one, row);
    await does("tap", { ...about(row), text: one.title, id: one.id });
    return one.kind === "url" && opens(one.url);
  }),
  choose: trying((row, line) => does("tap", { ...about(row), text: line.title, id: line.id })),
  react: trying((row, emoji) => does("react", { ...about(row), emoji })),
  quote: (row) => begin({ act: "write", row, label: "Answers", hint: "Message", bodyOf: (text) => ({ text, context: row.wamid }) }),
};

// A link leaves the phone: the tester sees where to, and may follow it.
function opens(url) {
  const isWeb = /^https?:\/\//iu.test(url);
  notice("The phone would open ", isWeb ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url) : url);
}

const WRITES = { act: "write", row: null, hint: "Message", bodyOf: (text) => ({ text }) };
const KINDS = { image: "Sample picture", video: "Sample video", audio: "Sample voice message", document: "Sample document", sticker: "Sample sticker" };

// What the composer writes next: an answer, a form, a place; null for an ordinary message.
function begin(wanted) {
  mode = wanted ?? WRITES;
  parts.mode.hidden = !wanted;
  parts.text.placeholder = mode.hint;
  if (!wanted) return;
  parts.mode.replaceChildren(`${mode.label}: `, el("q", { dir: "auto" }, inOneLine(mode.row)), " ", button("Leave it", () => begin(null)));
  parts.text.focus();
}

function answersIn(text) {
  const pairs = text.split("\n").map((line) => line.split(":"));
  return Object.fromEntries(pairs.filter(([name]) => name.trim()).map(([name, ...value]) => [name.trim(), value.join(":").trim()]));
}

function placeIn(text) {
  const [latitude, longitude] = text.split(/[,;\s]+/u).map(Number);
  return { type: "location", location: { latitude, longitude } };
}

const currentNumber = () => parts.number.value || undefined;

async function does(act, body) {
  const key = chosen;
  await post(personPath(person, act), body);
  if (key === chosen) await refresh();
}

function flip(name) {
  if (name === "stop" || name === "resume") return does(name, { phone_number_id: currentNumber() });
  return does("block", { by: "person", blocked: name === "block" });
}

async function send(sent) {
  sent.preventDefault();
  const text = parts.text.value;
  if (!text.trim()) return;
  const number = mode.row?.phone_number_id ?? currentNumber();
  const wamid = mode.act === "fill" ? mode.row.wamid : undefined;
  await does(mode.act, { ...mode.bodyOf(text), wamid, phone_number_id: number });
  parts.text.value = "";
  begin(null);
  parts.chat.scrollTop = parts.chat.scrollHeight;
}

async function attach(kind, facts = {}) {
  parts.attach.open = false;
  const takesCaption = kind === "image" || kind === "video" || kind === "document";
  const caption = (takesCaption && parts.text.value.trim()) || undefined;
  const voice = kind === "audio" || undefined;
  await does("send", { type: kind, [kind]: { caption, voice, ...facts }, phone_number_id: currentNumber() });
  if (takesCaption) parts.text.value = "";
  parts.chat.scrollTop = parts.chat.scrollHeight;
  parts.text.focus();
}

async function attachFile(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  const mime = file.type || "application/octet-stream";
  const content = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.onerror = () => failed(new Error("This file cannot be read."));
    reader.readAsDataURL(file);
  });
  const { id } = await post("media", { mime_type: mime, content });
  const kind = mime === "image/webp" ? "sticker" : mime.split("/")[0];
  const isKnown = kind === "sticker" || kind === "image" || kind === "video" || kind === "audio";
  await attach(isKnown ? kind : "document", { id, mime_type: mime, ...(!isKnown && { filename: file.name }) });
}
