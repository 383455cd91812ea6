// What a page asks for by itself and does not get is said in its #trouble, until the same is answered again.
const trouble = document.getElementById("trouble");
let lacking = "";

// A page asks again for the same with another query: what it has seen.
const asked = ({ requestConfig: { verb, path } }) => `${verb} ${path.split("?")[0]}`;

function say(text, detail) {
  lacking = asked(detail);
  // Said once, not with each time that it is asked for in vain.
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = false;
}

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, ({ detail }) => say(trouble.dataset.away, detail));
}
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  say(detail.xhr.status < 500 ? trouble.dataset.refused : trouble.dataset.fault, detail);
});
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful || asked(detail) !== lacking) return;
  trouble.hidden = true;
  trouble.textContent = "";
});
