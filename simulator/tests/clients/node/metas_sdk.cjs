// Tells a story with Meta's own SDK for Node against a simulator, and prints what came of it as JSON.
//
// Given by the environment: SIMULATOR (its address), TLS_KEY and TLS_CERTIFICATE (files for "localhost", which
// NODE_EXTRA_CA_CERTS has Node trust), and the SDK's own variables.  Only the base address differs from production.

const { once } = require("node:events");
const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");

// The SDK collects a webhook's body in a string and hands that to Buffer.concat, which takes lists only: it would stop
// at the first POST of anybody's.  This is the one thing mended from outside.
const concat = Buffer.concat;
Buffer.concat = (parts, ...rest) => (typeof parts === "string" ? Buffer.from(parts) : concat(parts, ...rest));

const simulator = new URL(process.env.SIMULATOR);
const PERSON = 34600000001; // the SDK takes people as numbers, so without the plus

async function control(method, path, body) {
  const answer = await fetch(new URL(`/_control/${path}`, simulator), { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function advance(seconds) {
  await control("POST", "clock/advance", { seconds });
  while (!(await control("GET", "idle")).settled) await new Promise((done) => setTimeout(done, 5));
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// The SDK speaks https only: this takes the TLS off what it sends.
async function takeTlsOff() {
  const files = { key: fs.readFileSync(process.env.TLS_KEY), cert: fs.readFileSync(process.env.TLS_CERTIFICATE) };
  const server = tls.createServer(files, (secure) => {
    const plain = net.connect(Number(simulator.port), simulator.hostname);
    secure.pipe(plain).pipe(secure);
    for (const socket of [secure, plain]) socket.on("error", () => [secure, plain].forEach((one) => one.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const id = { id: "1013859600285441" };
const link = (name) => ({ link: `https://example.com/${name}` });
const button = { type: "reply", reply: { id: "yes", title: "Sí" } };
const row = { id: "offers", title: "Ofertes", description: "Dues al mes" };
const products = { title: "Tardor", product_items: [{ product_retailer_id: "sku-1" }] };
const interactive = {
  button: { type: "button", body: { text: "Vols novetats?" }, action: { buttons: [button] } },
  list: { type: "list", body: { text: "Tria" }, action: { button: "Obre", sections: [{ title: "Temes", rows: [row] }] } },
  product: { type: "product", body: { text: "Aquest" }, action: { catalog_id: "1", product_retailer_id: "sku-1" } },
  products: {
    type: "product_list",
    header: { type: "text", text: "Tardor" },
    body: { text: "Mira" },
    action: { catalog_id: "1", sections: [products] },
  },
};
const person = { name: { formatted_name: "Bilal", first_name: "Bilal" }, phones: [{ phone: "+34600000002", type: "CELL" }] };
const plain = { name: "plain", language: { code: "ca", policy: "deterministic" } };
const STORY = {
  text: (wa) => wa.messages.text({ body: "Hola, què tal? https://example.com/", preview_url: true }, PERSON),
  reply: (wa, asked) => wa.messages.text({ body: "Bon dia" }, PERSON, asked),
  image: (wa) => wa.messages.image({ ...id, caption: "Una imatge" }, PERSON),
  "image by link": (wa) => wa.messages.image(link("a.jpg"), PERSON),
  audio: (wa) => wa.messages.audio(link("a.mp3"), PERSON),
  document: (wa) => wa.messages.document({ ...link("a.pdf"), filename: "factura.pdf", caption: "La factura" }, PERSON),
  sticker: (wa) => wa.messages.sticker(link("a.webp"), PERSON),
  video: (wa) => wa.messages.video({ ...link("a.mp4"), caption: "Un vídeo" }, PERSON),
  contacts: (wa) => wa.messages.contacts([person], PERSON),
  location: (wa) => wa.messages.location({ latitude: 41.3874, longitude: 2.1686, name: "Botiga" }, PERSON),
  button: (wa) => wa.messages.interactive(interactive.button, PERSON),
  list: (wa) => wa.messages.interactive(interactive.list, PERSON),
  product: (wa) => wa.messages.interactive(interactive.product, PERSON),
  products: (wa) => wa.messages.interactive(interactive.products, PERSON),
  template: (wa) => wa.messages.template(plain, PERSON),
  read: (wa, asked) => wa.messages.status({ status: "read", message_id: asked }),
  pin: (wa) => wa.twoStepVerification.setPin(482915),
  "no such template": (wa) => wa.messages.template({ ...plain, name: "nothing_called_so" }, PERSON),
};

async function main() {
  const secure = await takeTlsOff();
  process.env.LISTENER_PORT = String(await freePort());
  const WhatsApp = require("whatsapp");
  const wa = new WhatsApp();
  wa.requester.port = secure.address().port;

  const webhooks = [];
  wa.webhooks.start((status, _headers, body, response, error) => {
    webhooks.push({ status, body, error: error?.message });
    response?.end();
  });
  const setup = await control("GET", "setup");
  const callback_url = `http://127.0.0.1:${process.env.LISTENER_PORT}/${process.env.WEBHOOK_ENDPOINT}`;
  await control("PUT", "setup", { ...setup, callback_url });
  await control("POST", `people/+${PERSON}/write`, { text: "Hola 🌱" });
  await advance(1);
  const asked = webhooks[0].body.entry[0].changes[0].value.messages[0].id;

  const answers = {};
  for (const [name, step] of Object.entries(STORY)) {
    const answer = await step(wa, asked);
    answers[name] = { status: answer.statusCode(), body: await answer.responseBodyToJSON() };
  }
  await advance(60);
  await control("POST", `people/+${PERSON}/tap`, { text: "Sí" });
  await advance(86_400);

  wa.requester.client.clearSockets();
  wa.webhooks.stop(() => {});
  secure.close();
  fs.writeFileSync(1, JSON.stringify({ answers, webhooks }));
}

main();
