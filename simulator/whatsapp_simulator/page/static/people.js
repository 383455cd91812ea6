// The people: those whose chat moved last first, found by name or phone, with a dot for what was not looked at yet.

import { get, post } from "./api.js";
import { byId, el, keep, notice, trying } from "./dom.js";
import * as phone from "./phone.js";
import { inOneLine } from "./rows.js";
import { shortly } from "./times.js";

const SEEN = "seen"; // in the session's storage: how many messages of each person the tester has looked at

const seen = JSON.parse(sessionStorage.getItem(SEEN) ?? "{}");
let open = () => {};

export function start(opens) {
  open = opens;
  byId("search").addEventListener("input", trying(() => refresh()));
  const toggle = byId("new-person-toggle");
  const form = byId("new-person");
  toggle.addEventListener("click", () => {
    form.hidden = !form.hidden;
    toggle.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.elements.address.focus();
  });
  form.addEventListener("submit", (sent) => {
    sent.preventDefault();
    trying(() => add(form))();
  });
}

let now = 0;

export async function refresh(clock) {
  now = clock?.now ?? now;
  const search = byId("search").value.trim();
  const { data, total } = await get(`phones?search=${encodeURIComponent(search)}`);
  byId("people-total").textContent = total ? total.toLocaleString("en-GB") : "";
  const rows = data.map((one) => ({
    key: one.key,
    name: one.name,
    address: one.phone ?? `@${one.username ?? one.user_id}`,
    last: one.last && `${one.last.from === "person" ? "→ " : ""}${inOneLine(one.last)}`,
    when: one.last_at ? shortly(one.last_at, now) : "",
    unread: isUnread(one),
    chosen: one.key === phone.chosenKey(),
  }));
  keep(byId("people-list"), rows, (row) => row.key, line);
  empty(total, search, rows.length);
}

function isUnread(one) {
  if (one.key === phone.chosenKey() && document.visibilityState === "visible") {
    if (seen[one.key] !== one.received) {
      seen[one.key] = one.received;
      sessionStorage.setItem(SEEN, JSON.stringify(seen));
    }
    return false;
  }
  return one.received > (seen[one.key] ?? 0);
}

const line = (row) =>
  el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "person", "aria-current": row.chosen ? "true" : null, "data-focus": "person", onclick: () => open(row.key) },
      el("span", { class: "name" }, el("bdi", {}, row.name), row.unread ? el("span", { class: "dot" }, el("span", { class: "hidden" }, " unread")) : null),
      el("span", { class: "when quiet" }, row.when),
      el("span", { class: "last quiet", dir: "auto" }, row.last ?? row.address),
      row.last ? el("span", { class: "last quiet" }, row.address) : null,
    ),
  );

function empty(total, search, found) {
  const place = byId("people-empty");
  place.hidden = found > 0;
  const look = total ? `none:${search}` : "nobody";
  if (found || place.look === look) return;
  place.look = look;
  if (total) place.replaceChildren(el("p", {}, "Nobody is called that. Add them as a new person."));
  else trying(showHow)();
}

// Who has just started gets the command that brings the first person to life.
async function showHow() {
  const { access_token: token, numbers } = await get("setup");
  const command = [
    `curl -X POST ${location.origin}/v26.0/${numbers[0]?.phone_number_id ?? "PHONE_NUMBER_ID"}/messages \\`,
    `  -H 'Authorization: Bearer ${token === "simulated-access-token" ? token : "YOUR_TOKEN"}' \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"messaging_product":"whatsapp","to":"+34600000001","type":"text","text":{"body":"Hola"}}'`,
  ].join("\n");
  byId("people-empty").replaceChildren(
    el("p", {}, "Nobody yet. People come to life with the first message to their phone; add one here, or send:"),
    el("pre", { tabindex: "0" }, el("code", {}, command)),
  );
}

async function add(form) {
  const written = form.elements.address.value.trim();
  const name = form.elements.name.value.trim() || undefined;
  const { people } = await post("people", { people: [{ ...addressOf(written), name }] });
  form.reset();
  form.hidden = true;
  byId("new-person-toggle").setAttribute("aria-expanded", "false");
  byId("search").value = "";
  await open(people[0].key);
  notice(`${people[0].name} is there.`);
}

// Somebody with a username alone is known by a business-scoped user id, as at Meta.
function addressOf(written) {
  if (/^[+0-9][0-9 ()-]*$/u.test(written)) return { phone: written };
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => byte % 10).join("");
  return { username: written.replace(/^@/u, ""), user_id: `ES.${digits}` };
}
