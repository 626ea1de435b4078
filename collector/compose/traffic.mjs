import { setTimeout as delay } from "node:timers/promises";

/*
 * `node traffic.mjs http://127.0.0.1:3000`: somebody who looks around in the demo
 * shop and buys something now and then, for as long as it runs. Every tenth order
 * is in Swiss francs, which the payment service can't charge.
 */
const [shop] = process.argv.slice(2);
const PAUSE_MS = 250;

for (let visit = 0; ; visit++) {
  await look(`${shop}/api/products`);
  await look(`${shop}/api/products/${1 + (visit % 3)}`);
  await order(visit % 10 === 9 ? "CHF" : "EUR", 1 + (visit % 3));
  await delay(PAUSE_MS);
}

async function look(url) {
  await settled(fetch(url));
}

async function order(currency, product) {
  const body = JSON.stringify({ product, quantity: 1, currency });
  const headers = { "content-type": "application/json" };
  await settled(fetch(`${shop}/api/orders`, { method: "POST", headers, body }));
}

/** The shop may be starting, or broken on purpose. */
async function settled(response) {
  try {
    await (await response).arrayBuffer();
  } catch (error) {
    console.log(`no answer: ${error.cause?.code ?? error.message}`);
    await delay(1000);
  }
}
