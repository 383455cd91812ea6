// Makes elements and keeps lists of them. Text only ever enters as text: no markup is parsed anywhere.

export const byId = (id) => document.getElementById(id);

// el("button", { class: "main", type: "button", onclick: act, "aria-label": "Send" }, "Send")
export function el(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const button = (text, onclick, facts = {}) => el("button", { type: "button", onclick, ...facts }, text);

// Gives a list the elements of these items: what has not changed stays the same element, and focus stays where it is.
export function keep(list, items, keyOf, make, lookOf = JSON.stringify) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const focused = document.activeElement?.closest?.("[data-focus]");
  const focusedKey = focused && list.contains(focused) ? focused.closest("[data-key]")?.dataset.key : null;
  let place = list.firstElementChild;
  for (const [position, item] of items.entries()) {
    const key = String(keyOf(item, position));
    const look = lookOf(item);
    let child = before.get(key);
    before.delete(key);
    if (!child || child.look !== look) {
      const made = make(item);
      made.dataset.key = key;
      made.look = look;
      if (child) {
        if (place === child) place = made;
        child.replaceWith(made);
      }
      child = made;
    }
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  for (const gone of before.values()) gone.remove();
  if (focusedKey && !focused.isConnected) {
    const name = CSS.escape(focused.dataset.focus);
    const item = `[data-key="${CSS.escape(focusedKey)}"]`;
    list.querySelector(`${item}[data-focus="${name}"], ${item} [data-focus="${name}"]`)?.focus();
  }
}

let noticeEnds;

// Says something where everybody sees and hears it.
export function notice(...words) {
  const place = byId("notice");
  place.replaceChildren(el("span", {}, ...words), button("Close", silence));
  place.hidden = false;
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(silence, 12_000);
}

function silence() {
  byId("notice").hidden = true;
}

// Runs an act of the tester; what goes wrong is said, not thrown.
export const trying =
  (act) =>
  async (...given) => {
    try {
      return await act(...given);
    } catch (problem) {
      notice(problem.message);
      return undefined;
    }
  };
