// One message as it stands in the chat, drawn from its `shown` structure; what can be tapped calls `acts`.

import { button, el } from "./dom.js";
import { formatted } from "./formatting.js";
import { deed, fileWord, inOneLine } from "./rows.js";
import { exactTime, iso, time, whole } from "./times.js";

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const STAGES = {
  accepted: "not on the phone yet: accepted",
  sent: "not on the phone yet: sent",
  delivered: "delivered",
  read: "read",
};
export const event = (row) => el("li", { class: "event" }, el("bdi", {}, deed(row)), " · ", moment(row));

export function bubble(row, { acts, quoted, reactions }) {
  const business = row.from === "business";
  const { shown } = row;
  const seen = !business || row.stage === "delivered" || row.stage === "read";
  const item = el(
    "li",
    { class: `bubble ${business ? "theirs" : "mine"}${seen ? "" : " unseen"}` },
    el(
      "div",
      { class: "paper", dir: "auto" },
      el("span", { class: "hidden" }, business ? "The business: " : "The person: "),
      quoted && quotation(quoted),
      ...message(shown, row, acts),
      el("p", { class: "stamp" }, moment(row), WAYS[row.kind] ? ` · ${WAYS[row.kind]}` : null, business ? null : ticks(row)),
    ),
    ...(shown.cards?.length ? [carousel(shown.cards, row, acts)] : []),
    ...taps(shown.buttons, shown, row, acts),
    reactions.length ? el("p", { class: "reactions" }, el("span", { class: "hidden" }, "Reactions: "), reactions.join(" ")) : null,
    business && under(row, acts, seen),
  );
  return item;
}

const under = (row, acts, seen) =>
  el(
    "div",
    { class: "under" },
    el("p", { class: row.stage === "failed" ? "stage failed" : "stage" }, stage(row)),
    seen && tools(row, acts),
  );

const moment = (row) => el("time", { datetime: iso(row.at), title: whole(row.at) }, time(row.at));

// One tick: it has arrived; two: the business has marked it as read.
const ticks = (row) => [
  el("span", { class: "ticks", "aria-hidden": "true" }, row.isRead ? " ✓✓" : " ✓"),
  row.isRead ? el("span", { class: "hidden" }, " read by the business") : null,
];

const stage = (row) =>
  row.stage === "failed" ? `never shown: failed with ${row.failed_with}` : (STAGES[row.stage] ?? "");

const WAYS = { button: "tapped", button_reply: "tapped", list_reply: "chosen", nfm_reply: "form sent in", call_permission_reply: "answer about calls" };

function quotation(row) {
  return el("blockquote", { class: "quote", dir: "auto" }, inOneLine(row));
}

function message(shown, row, acts) {
  return [
    shown.header && header(shown.header),
    shown.media && file(shown.media),
    shown.location && place(shown.location),
    ...(shown.contacts ?? []).map(card),
    shown.reaction && el("p", {}, shown.reaction.emoji ? `reacted ${shown.reaction.emoji}` : "took a reaction back"),
    shown.order && el("p", { class: "file" }, el("span", { class: "kind" }, "Order"), ` ${shown.order.reference_id ?? ""}`),
    shown.offer && el("p", { class: "offer" }, shown.offer.text, shown.offer.expires_at_ms ? ` · until ${whole(shown.offer.expires_at_ms / 1000)}` : ""),
    shown.body ? el("div", { class: "text" }, ...formatted(shown.body)) : null,
    shown.footer ? el("p", { class: "footer" }, shown.footer) : null,
  ].filter(Boolean);
}

function header(facts) {
  if (facts.media) return file(facts.media);
  if (facts.location) return place(facts.location);
  if (facts.product) return el("p", { class: "file" }, el("span", { class: "kind" }, "Product"), ` ${facts.product.id}`);
  return el("p", { class: "header" }, facts.text);
}

// Uploaded files are shown; files behind a link are named, never fetched: the page asks nobody but the simulator.
function file(media) {
  const address = media.id ? `../_control/media/${encodeURIComponent(media.id)}` : null;
  const name = media.filename || media.link?.split("/").pop() || media.id || "";
  const label = el("figcaption", {}, el("span", { class: "kind" }, fileWord(media.kind)), " ", el("bdi", {}, name));
  const figure = el("figure", { class: `file ${media.kind}` });
  if (address && (media.kind === "image" || media.kind === "sticker")) {
    figure.append(el("img", { src: address, alt: name, loading: "lazy", onerror: () => gone(figure) }));
  } else if (address && (media.kind === "video" || media.kind === "gif")) {
    figure.append(el("video", { src: address, controls: true, preload: "metadata", "aria-label": name }));
  } else if (address && media.kind === "audio") {
    figure.append(el("audio", { src: address, controls: true, preload: "metadata", "aria-label": media.voice ? "Voice message" : name }));
  } else if (address) {
    label.append(" ", el("a", { href: address, download: name }, "download"));
  }
  if (media.link) label.append(el("span", { class: "address" }, media.link));
  figure.append(label);
  return figure;
}

function gone(figure) {
  figure.querySelector("img")?.replaceWith(el("span", { class: "missing" }, "This picture cannot be shown."));
}

const place = ({ latitude, longitude, name, address }) =>
  el(
    "p",
    { class: "file place" },
    el("span", { class: "kind" }, "Place"),
    ` ${name ?? ""} `,
    el("span", { class: "quiet" }, [address, `${latitude}, ${longitude}`].filter(Boolean).join(" · ")),
  );

function card(contact) {
  const phones = (contact.phones ?? []).map((phone) => phone.phone ?? phone.wa_id).filter(Boolean);
  return el(
    "p",
    { class: "file" },
    el("span", { class: "kind" }, "Contact"),
    ` ${contact.name?.formatted_name ?? ""} `,
    el("span", { class: "quiet" }, phones.join(" · ")),
  );
}

function carousel(cards, row, acts) {
  const items = cards.map((one, position) =>
    el(
      "li",
      { class: "card", "aria-label": `Card ${position + 1} of ${cards.length}` },
      one.header && header(one.header),
      one.body ? el("div", { class: "text", dir: "auto" }, ...formatted(one.body)) : null,
      ...taps(one.buttons, one, row, acts, position),
    ),
  );
  return el("ul", { class: "cards plain", tabindex: "0", role: "list", "aria-label": "Cards, scroll sideways" }, items);
}

function taps(buttons, shown, row, acts, cardPosition) {
  if (!buttons?.length) return [];
  const drawn = buttons.map((one, position) => {
    const name = `tap-${cardPosition ?? ""}-${position}`;
    if (one.kind === "list" || one.kind === "products") return opening(one, shown.sections ?? [], row, acts, name);
    return button(one.title || one.kind, () => acts.tap(row, one), { class: `tap ${one.kind}`, "data-focus": name });
  });
  return [el("div", { class: "taps", role: "group", "aria-label": "What can be tapped" }, drawn)];
}

function opening(one, sections, row, acts, name) {
  return el(
    "details",
    { class: "list" },
    el("summary", { class: "tap", "data-focus": name }, one.title || "List"),
    sections.map((section) => [
      section.title ? el("h4", {}, section.title) : null,
      ...(section.rows ?? []).map((line) =>
        el(
          "button",
          { type: "button", class: "row", onclick: () => acts.choose(row, line), "data-focus": `row-${line.id}` },
          el("bdi", {}, line.title),
          line.description ? el("span", { class: "quiet" }, line.description) : null,
        ),
      ),
      ...(section.products ?? []).map((product) => el("p", { class: "row" }, product)),
    ]),
  );
}

function tools(row, acts) {
  const about = `message of ${exactTime(row.at)}`;
  return el(
    "div",
    { class: "tools" },
    button("Reply", () => acts.quote(row), { "data-focus": "reply", "aria-label": `Reply to the ${about}` }),
    acts.react &&
      el(
        "details",
        { class: "react" },
        el("summary", { "data-focus": "react", "aria-label": `React to the ${about}` }, "React"),
        EMOJI.map((emoji) => button(emoji, () => acts.react(row, emoji), { "aria-label": `React with ${emoji}` })),
        button("none", () => acts.react(row, ""), { "aria-label": "Take the reaction back" }),
      ),
  );
}
