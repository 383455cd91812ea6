// Starts the page and keeps it fresh: waits for traffic, then looks at everything that may have changed.

import { byId, notice, trying } from "./dom.js";
import * as people from "./people.js";
import * as phone from "./phone.js";
import * as platform from "./platform.js";
import * as traffic from "./traffic.js";

const WAIT_S = 2; // without traffic the page looks again after so long: statuses move without calls
const SHORTEST_ROUND_MS = 300;
const AFTER_A_PROBLEM_MS = 2000;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function look() {
  const { clock, setup } = await platform.refresh();
  traffic.numbers(setup);
  await Promise.all([people.refresh(clock), phone.refresh({ setup, clock })]);
}

async function open(key) {
  show("phone");
  history.replaceState(null, "", `#${key}`);
  await phone.choose(key);
  document.querySelector(".views").scrollIntoView();
  await people.refresh();
}

// On a narrow screen one part is in sight at a time.
function show(view) {
  document.body.dataset.view = view;
  for (const one of document.querySelectorAll("[data-show]")) {
    if (one.dataset.show === view) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

async function reset() {
  phone.forget();
  traffic.forget();
  history.replaceState(null, "", location.pathname);
  await look();
}

// A page that nobody looks at asks for nothing.
function inSight() {
  if (!document.hidden) return null;
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

async function goOn() {
  let wasLost = false;
  for (;;) {
    const begun = performance.now();
    await inSight();
    try {
      await traffic.refresh(WAIT_S);
      await look();
      if (wasLost) notice("The simulator answers again.");
      wasLost = false;
      await pause(Math.max(SHORTEST_ROUND_MS - (performance.now() - begun), 0));
    } catch (problem) {
      if (!wasLost) notice(problem.message);
      wasLost = true;
      await pause(AFTER_A_PROBLEM_MS);
    }
  }
}

for (const one of document.querySelectorAll("[data-show]")) one.addEventListener("click", () => show(one.dataset.show));
show("people");
people.start(trying(open));
traffic.start();
platform.start({ changed: look, reset });
await trying(look)();
if (location.hash.startsWith("#person-")) await trying(open)(decodeURIComponent(location.hash.slice(1)));
byId("phone").dataset.ready = "true";
await goOn();
