// JSON as people read it: indented, strings unescaped, numbers as they were written, colours by kind.

import { el } from "./dom.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)|([{}[\],])/gu;

// Text that is not (whole) JSON stays as it is.
export function pretty(text) {
  try {
    JSON.parse(text);
  } catch {
    return [text];
  }
  const nodes = [];
  let depth = 0;
  let justOpened = false;
  const newLine = () => nodes.push(`\n${"  ".repeat(depth)}`);
  for (const [, string, colon, word, sign] of text.matchAll(TOKEN)) {
    const closes = sign === "}" || sign === "]";
    if (closes) depth -= 1;
    // An empty object stays on its line.
    if (justOpened !== closes && (justOpened || closes)) newLine();
    justOpened = sign === "{" || sign === "[";
    if (justOpened) depth += 1;
    if (string) nodes.push(el("span", { class: colon ? "name" : "string" }, readable(string)), colon ? ": " : "");
    else if (word) nodes.push(el("span", { class: "word" }, word));
    else nodes.push(sign);
    if (sign === ",") newLine();
  }
  return nodes;
}

// "\u00e9" reads é, but a new line in a string stays written as \n.
const readable = (string) => JSON.stringify(JSON.parse(string));
