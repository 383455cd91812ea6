// The rows of a chat in one shape: what people sent is brought into the shape that messages of the business come in.

import { plain } from "./formatting.js";

const FILES = { image: "Picture", video: "Video", audio: "Audio", document: "Document", sticker: "Sticker", gif: "GIF" };
const DONE = {
  stop: "stopped marketing messages with WhatsApp’s own switch",
  resume: "allowed marketing messages again",
  signup: "signed up for marketing messages",
  marketing_messages_link_click: "tapped the link",
  landing_page_view: "saw the page behind the link",
  revoke: "took a message back",
  edit: "changed a message",
  unsupported: "sent what cannot be carried here",
  customer_identity_changed: "has a new phone, and with it new keys",
};

// Gives a row its `shown`.
export function withShown(row) {
  if (row.shown) return row;
  const message = row.message ?? {};
  const content = message[message.type] ?? {};
  const shown = { type: message.type ?? row.kind, body: row.text, context: message.context?.id };
  if (FILES[message.type]) {
    shown.media = { kind: message.type, ...content };
    shown.body = content.caption;
  }
  if (message.type === "location") Object.assign(shown, { location: content, body: "" });
  if (message.type === "contacts") Object.assign(shown, { contacts: content, body: "" });
  if (message.type === "reaction") shown.reaction = content;
  if (message.type === "order") shown.body = orderWords(content);
  return { ...row, shown };
}

function orderWords({ text, product_items: items = [] }) {
  const lines = items.map((item) => `${item.quantity} × ${item.product_retailer_id} · ${item.item_price} ${item.currency}`);
  return [text, ...lines].filter(Boolean).join("\n");
}

export const fileWord = (kind) => FILES[kind] ?? kind;

// What the person did without a message, in words; null for a message.
export function deed(row) {
  if (DONE[row.kind]) return [DONE[row.kind], row.kind === "edit" && row.text].filter(Boolean).join(": ");
  return row.kind?.startsWith("user_changed_") ? row.text : null;
}

// A row in one line, without formatting.
export function inOneLine(row) {
  const { shown } = withShown(row);
  const media = shown.media ?? shown.header?.media;
  const words = deed(row) || shown.body || shown.reaction?.emoji || shown.header?.text || (media && fileWord(media.kind));
  return plain(words || row.text || shown.type).slice(0, 160);
}
