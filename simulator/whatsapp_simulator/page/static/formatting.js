// WhatsApp's formatting as elements: *bold*, _italic_, ~struck~, `code`, ```mono```, "> quotes"; addresses stand out.

import { el } from "./dom.js";

const PIECES = /```([\s\S]+?)```|`([^`\n]+)`|(https?:\/\/[^\s<>"]+)/u;
const MARKED = /(?<![\p{L}\p{N}])([*_~])(?=\S)((?:(?!\1)[^\n])*\S)\1(?![\p{L}\p{N}])/u;
const TAGS = { "*": "strong", _: "em", "~": "s" };

export function formatted(text) {
  const nodes = [];
  for (const [position, line] of quotesApart(text).entries()) {
    if (line.quoted) nodes.push(el("blockquote", {}, ...inline(line.text)));
    else nodes.push(position && !nodes.at(-1)?.matches?.("blockquote") ? "\n" : "", ...inline(line.text));
  }
  return nodes;
}

// Lines that begin with ">" are quotes; all others stay together, so that ``` may span several.
function quotesApart(text) {
  const parts = [];
  for (const line of text.split("\n")) {
    const quoted = line.startsWith("> ");
    const last = parts.at(-1);
    if (last && !last.quoted && !quoted) last.text += `\n${line}`;
    else parts.push({ quoted, text: quoted ? line.slice(2) : line });
  }
  return parts;
}

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = PIECES.exec(rest); found; found = PIECES.exec(rest)) {
    nodes.push(...marked(rest.slice(0, found.index)), piece(found));
    rest = rest.slice(found.index + found[0].length);
  }
  return [...nodes, ...marked(rest)];
}

function piece([, block, code, address]) {
  if (address) return el("span", { class: "address" }, address);
  return el("code", { class: block ? "block" : undefined }, block ?? code);
}

function marked(text) {
  const found = MARKED.exec(text);
  if (!found) return text ? [text] : [];
  const [whole, sign, inner] = found;
  return [
    ...marked(text.slice(0, found.index)),
    el(TAGS[sign], {}, ...marked(inner)),
    ...marked(text.slice(found.index + whole.length)),
  ];
}

// The same without its signs, on one line.
export const plain = (text) => formatted(text).map((node) => node.textContent ?? node).join("").replace(/\s+/gu, " ").trim();
