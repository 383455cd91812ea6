// The platform in a strip: clock, pace, counts; behind it numbers, faults and the way back to the beginning.

import { get, post, put } from "./api.js";
import { button, byId, el, keep, trying } from "./dom.js";
import { iso, whole } from "./times.js";

const KINDS = {
  refuse: "refuse with Meta’s code",
  error_before: "error 500, not accepted",
  error_after: "error 500, yet accepted",
  lose_answer: "lose the answer, yet accepted",
  slow: "answer slowly",
  withhold_status: "keep the statuses back",
  fail_later: "accept, then fail by webhook",
  close_connection: "close every connection at once",
  outage: "every call: out of order",
  expired_token: "every call: the token has expired",
  throttle: "refuse what comes too fast",
  receiver_down: "webhooks do not arrive",
  receiver_deaf: "the webhook’s 200 is not heard",
};

let setup = null;
let before = null; // counts and real time of the last look

export function start({ changed, reset }) {
  const toggle = byId("platform-toggle");
  toggle.addEventListener("click", () => {
    const panel = byId("platform");
    panel.hidden = !panel.hidden;
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
  });
  byId("rate").addEventListener("change", trying(async (event) => {
    await put("clock", { rate: Number(event.target.value) });
    await changed();
  }));
  for (const one of document.querySelectorAll("[data-advance]")) {
    one.addEventListener("click", trying(async () => {
      await post("clock/advance", { seconds: Number(one.dataset.advance) });
      await changed();
    }));
  }
  startFaults();
  startReset(reset);
}

export async function refresh() {
  const [clock, counts, faults, told, health] = await Promise.all(["clock", "counts", "faults", "setup", "health"].map((path) => get(path)));
  setup = told;
  drawClock(clock);
  drawFigures(counts);
  drawNumbers(counts, clock.real_now);
  drawFaults(faults.faults);
  byId("callback").textContent = callbackWords(told, health);
  before = { counts, at: clock.real_now };
  return { clock, setup };
}

function callbackWords({ callback_url: url, waba_id: id }, { callback_verified: verified, seed, version }) {
  const callback = url ? `Webhooks go to ${url}${verified ? "" : ", which has not answered the challenge yet"}.` : "No callback is set: no webhooks are sent.";
  return `${callback} Account ${id}, seed ${seed}, version ${version}.`;
}

function drawClock(clock) {
  const now = byId("now");
  now.textContent = whole(clock.now);
  now.dateTime = iso(clock.now);
  const rate = byId("rate");
  const value = String(clock.rate);
  if (![...rate.options].some((option) => option.value === value)) rate.append(el("option", { value }, `× ${value}`));
  if (document.activeElement !== rate) rate.value = value;
}

const total = (counters) => Object.values(counters).reduce((sum, count) => sum + count, 0);
const figure = (count) => count.toLocaleString("en-GB");

function drawFigures(counts) {
  const rows = [
    ["accepted", counts.accepted],
    ["refused", total(counts.refused)],
    ["from people", counts.inbound],
    ["waiting", counts.webhooks_pending],
  ];
  keep(byId("figures"), rows, ([name]) => name, ([name, count]) => el("div", {}, el("dt", {}, name), el("dd", {}, figure(count))));
  const all = {
    requests: counts.requests,
    ...named("refused", counts.refused),
    ...named("status", counts.statuses),
    ...named("failed later", counts.failed_later),
    ...named("left by", counts.stops),
    ...named("webhooks:", counts.webhooks),
    ...named("fault", counts.faults),
  };
  keep(byId("counts"), Object.entries(all), ([name]) => name, ([name, count]) => el("div", {}, el("dt", {}, name), el("dd", {}, figure(count))));
}

const named = (word, counters) => Object.fromEntries(Object.entries(counters).map(([name, count]) => [`${word} ${name}`, count]));

function drawNumbers(counts, at) {
  const rows = setup.numbers.map((number) => {
    const now = counts.numbers[number.phone_number_id] ?? { accepted: 0, inbound: 0, per_second_max: 0 };
    const last = before?.counts.numbers[number.phone_number_id]?.accepted ?? now.accepted;
    const pace = before && at > before.at ? Math.max(now.accepted - last, 0) / (at - before.at) : 0;
    return [number, now, pace < 10 ? pace.toFixed(1) : pace.toFixed(0)];
  });
  keep(byId("numbers"), rows, ([number]) => number.phone_number_id, ([number, now, pace]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("bdi", {}, number.verified_name), el("span", { class: "quiet" }, number.display_phone_number), el("span", { class: "quiet" }, number.phone_number_id)),
      el("td", {}, number.status.toLowerCase(), el("span", { class: "quiet" }, `quality ${number.quality_rating.toLowerCase()}`)),
      el("td", {}, `${pace} of ${number.mps}`),
      el("td", {}, now.per_second_max),
      el("td", {}, number.messaging_limit.replace("TIER_", "").toLowerCase()),
      el("td", {}, figure(now.accepted)),
      el("td", {}, figure(now.inbound)),
    ),
  );
}

let faults = [];

function drawFaults(listed) {
  faults = listed.map(({ struck, ...fault }) => fault);
  byId("platform-state").textContent = faults.length ? ` · ${faults.length} ${faults.length === 1 ? "fault" : "faults"}` : "";
  const rows = listed.length ? listed : [null];
  keep(byId("faults"), rows, (_, position) => position, (fault) => fault === null
    ? el("li", { class: "quiet" }, "Nothing goes wrong on purpose.")
    : el(
        "li",
        {},
        el("span", {}, `${KINDS[fault.kind] ?? fault.kind} ${details(fault)} · struck ${figure(fault.struck)}`),
        button("End", trying(() => replace(faults.filter((other) => JSON.stringify(other) !== JSON.stringify(without(fault))))), { "data-focus": "end", "aria-label": `End: ${KINDS[fault.kind] ?? fault.kind}` }),
      ));
}

const without = ({ struck, ...fault }) => fault;

function details(fault) {
  return [
    fault.code,
    fault.seconds && `${fault.seconds} s`,
    fault.per_second && `above ${fault.per_second} a second`,
    `${+(fault.rate * 100).toFixed(2)} %`,
    fault.times && `at most ${fault.times}`,
    fault.addresses?.length && `for ${fault.addresses.join(", ")}`,
  ]
    .filter(Boolean)
    .join(", ");
}

async function replace(wanted) {
  drawFaults((await put("faults", { faults: wanted })).faults);
}

function startFaults() {
  const form = byId("fault-form");
  const { kind } = form.elements;
  kind.append(...Object.entries(KINDS).map(([value, label]) => el("option", { value }, label)));
  const fit = () => {
    for (const label of form.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(kind.value);
  };
  kind.addEventListener("change", fit);
  fit();
  form.addEventListener("submit", (sent) => {
    sent.preventDefault();
    trying(() => replace([...faults, written(form)]))();
  });
}

function written(form) {
  const fault = { kind: form.elements.kind.value, rate: Number(form.elements.rate.value) / 100 };
  for (const name of ["code", "seconds", "per_second", "times"]) {
    const field = form.elements[name];
    if (field.value && !field.closest("label").hidden) fault[name] = Number(field.value);
  }
  return fault;
}

function startReset(reset) {
  const question = byId("reset-question");
  const ask = (asking) => {
    question.hidden = !asking;
    byId("reset").hidden = asking;
    byId(asking ? "reset-no" : "reset").focus();
  };
  byId("reset").addEventListener("click", () => ask(true));
  byId("reset-no").addEventListener("click", () => ask(false));
  byId("reset-yes").addEventListener("click", trying(async () => {
    await post("reset");
    ask(false);
    await reset();
  }));
}
