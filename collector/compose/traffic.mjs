import { setTimeout as delay } from "node:timers/promises";

/*
 * `node traffic.mjs http://127.0.0.1:3000`: visits the demo shop and orders something,
 * again and again. Every tenth order is in Swiss francs, which the payment service
 * can't charge.
 */
const [shop] = process.argv.slice(2);
const PAUSE_MS = 250;

for (let visit = 0; ; visit++) {
  await visitPage(`${shop}/api/products`);
  await visitPage(`${shop}/api/products/${1 + (visit % 3)}`);
  await order(visit % 10 === 9 ? "CHF" : "EUR", 1 + (visit % 3));
  await delay(PAUSE_MS);
}

async function visitPage(url) {
  await drain(fetch(url));
}

async function order(currency, product) {
  const body = JSON.stringify({ product, quantity: 1, currency });
  const headers = { "content-type": "application/json" };
  await drain(fetch(`${shop}/api/orders`, { method: "POST", headers, body }));
}

/** Reads the response. The shop may be starting, or fail on purpose. */
async function drain(response) {
  try {
    await (await response).arrayBuffer();
  } catch (error) {
    console.log(`no response: ${error.cause?.code ?? error.message}`);
    await delay(1000);
  }
}
