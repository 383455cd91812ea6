// Calls to the Graph API and webhooks as they happen; each opens to its JSON.

import { get } from "./api.js";
import { button, byId, el, keep, trying } from "./dom.js";
import { pretty } from "./json.js";
import { exactTime, iso, whole } from "./times.js";

const KEPT = 500;

const open = new Map(); // seq -> what was told of it
let entries = [];
let after = 0;
let leftOut = 0;
let paused = false;

export function start() {
  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    draw();
  });
  byId("filter").addEventListener("input", draw);
}

// Waits up to so many seconds for news, and tells whether there were some.
export async function refresh(seconds, signal) {
  const told = await get(`traffic?after=${after}&wait=${seconds}`, { signal });
  // Numbers only grow, so another simulator has taken the place of the one before.
  if (told.after < after) forget();
  const news = told.after !== after;
  after = told.after;
  leftOut = told.left_out;
  entries = [...entries, ...told.data].slice(-KEPT);
  if (news && !paused) draw();
  return news;
}

export function forget() {
  entries = [];
  open.clear();
  draw();
}

export function numbers(setup) {
  byId("filter-number").hidden = setup.numbers.length < 2;
  const choices = [{ id: "", label: "all" }, ...setup.numbers.map((one) => ({ id: one.phone_number_id, label: one.display_phone_number }))];
  keep(byId("filter").elements.number, choices, (one) => one.id, (one) => el("option", { value: one.id }, one.label));
}

let shownWhenPaused = null;

function draw() {
  const { kind, number, wrong } = byId("filter").elements;
  if (!paused) shownWhenPaused = null;
  else shownWhenPaused ??= after;
  const shown = entries
    .filter((one) => one.seq <= (shownWhenPaused ?? Infinity))
    .filter((one) => !kind.value || one.kind === kind.value)
    .filter((one) => !number.value || one.phone_number_id === number.value)
    .filter((one) => !wrong.checked || one.wrong)
    .reverse();
  keep(byId("traffic-list"), shown, (one) => one.seq, row, (one) => String(open.has(one.seq)));
  byId("traffic-empty").hidden = entries.length > 0;
  note(shown.length);
}

function note(count) {
  const words = [];
  if (paused) words.push("Paused; what comes meanwhile is shown when you go on.");
  if (entries.length && count !== entries.length) words.push(`${count} of the last ${entries.length}.`);
  if (leftOut) words.push(`${leftOut.toLocaleString("en-GB")} were left out: above 100 calls or 100 webhooks a second they are counted, not kept.`);
  byId("traffic-note").textContent = words.join(" ");
}

function row(one) {
  const isOpen = open.has(one.seq);
  const path = one.kind === "call" ? one.url.replace(/^\/v[\d.]+/u, "") : one.url.replace(/^https?:\/\//u, "");
  const head = el(
    "button",
    { type: "button", class: "entry-head", "aria-expanded": String(isOpen), "data-focus": "head", onclick: trying(() => toggle(one)) },
    el("time", { datetime: iso(one.real_at), title: `${whole(one.at)} on the simulated clock` }, exactTime(one.real_at)),
    el("span", { class: `kind ${one.kind}` }, one.kind === "call" ? "→ call" : "← webhook"),
    el("span", { class: one.wrong ? "status wrong" : "status" }, one.status ?? "lost"),
    el("span", { class: "what" }, el("bdi", {}, one.about || `${one.method} ${path}`)),
    el("span", { class: "where quiet" }, `${one.method} ${path}`, one.tries > 1 ? ` · try ${one.tries}` : "", one.lost ? ` · ${one.lost}` : ""),
  );
  return el("li", { class: "entry" }, head, isOpen ? inside(open.get(one.seq)) : null);
}

async function toggle(one) {
  if (open.has(one.seq)) open.delete(one.seq);
  else open.set(one.seq, await get(`traffic/${one.seq}`));
  draw();
}

function inside(whole) {
  const call = whole.kind === "call";
  return el(
    "div",
    { class: "inside" },
    el("dl", { class: "pairs" }, Object.entries({ [whole.method]: whole.url, ...whole.headers }).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    body(call ? "Request" : "Webhook", whole.sent, whole.sent_bytes, whole.kept_bytes),
    body(`Answer ${whole.status ?? `lost: ${whole.lost}`}`, whole.answered, whole.answered_bytes, whole.kept_bytes),
  );
}

function body(title, text, bytes, kept) {
  const lines = el("pre", { class: "json", tabindex: "0", "aria-label": title }, pretty(text));
  const cut = bytes > kept ? `the first ${kept / 1024} KiB of ${Math.round(bytes / 1024)} KiB` : "";
  const copied = button("Copy", async () => {
    await navigator.clipboard.writeText(lines.textContent);
    copied.textContent = "Copied";
  }, { "aria-label": `Copy: ${title}` });
  return el(
    "section",
    { "aria-label": title },
    el("div", { class: "head" }, el("h3", {}, title), el("span", { class: "quiet" }, cut), text ? copied : null),
    text ? lines : el("p", { class: "quiet" }, "without a body"),
  );
}
