// Passkeys: a form with data-passkey (create or get) fills its "credential" by asking the device, then goes its way.
// The options stand in data-options, or are fetched from where the form goes (a sign-in before anybody has a name).
const knows = window.PublicKeyCredential?.parseCreationOptionsFromJSON && PublicKeyCredential.parseRequestOptionsFromJSON;

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey;
  const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  return (await answer.json()).request_options.publicKey;
}

async function ask(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey === "get") {
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  }
  // A passkey stays on the device and asks who is there: so it is enough by itself.
  const enough = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  options.authenticatorSelection = { ...options.authenticatorSelection, ...enough };
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
}

for (const form of knows ? document.querySelectorAll("[data-passkey]") : []) {
  const error = form.querySelector("[data-passkey-error]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify((await ask(form)).toJSON());
      form.submit();
    } catch {
      error.hidden = false;
    }
  });
}
if (knows) document.querySelector("[data-passkey-lacks]")?.remove();
