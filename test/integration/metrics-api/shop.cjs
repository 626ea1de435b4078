const { createServer } = require("node:http");
const { once } = require("node:events");

/** Records metrics before the preload may start and in a request, and prints the page. */
exports.run = async ({ counter, gauge, histogram, summary }, start) => {
  const orders = counter("shop.orders", {
    help: "Orders placed.",
    unit: "{order}",
    labels: ["kind", "token"],
  });
  const bound = orders.bind({ kind: "book", token: undefined });
  orders.add(1, { kind: "early", token: undefined });
  await start();
  const baskets = gauge("shop.baskets", { help: "Open baskets." });
  const checkout = histogram("shop.checkout", { unit: "s", labels: ["result"] });
  const parcels = summary("shop.parcels", { unit: "g", quantiles: [0.5] });
  const server = createServer((request, response) => {
    const end = checkout.startTimer();
    baskets.add(2);
    bound.add(3);
    orders.add(1, { kind: "film", token: "swordfish9" });
    orders.add(1, { kind: "film", colour: "red" });
    baskets.add(-1);
    parcels.record(1000);
    const seconds = end({ result: "paid" });
    response.end(String(seconds >= 0 && seconds < 60));
  }).listen(0);
  await once(server, "listening");
  const response = await fetch(`http://localhost:${server.address().port}/`);
  process.stdout.write(`${await response.text()}\n`);
  server.close();
  if (process.env.PAGE) process.stdout.write(await readPage(process.env.PAGE));
};

/** The admin server starts after the app's code. */
async function readPage(url) {
  const headers = { accept: "application/openmetrics-text; version=1.0.0" };
  for (;;) {
    const response = await fetch(url, { headers }).catch(() => undefined);
    if (response !== undefined) return response.text();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

if (require.main === module) exports.run(require("../../../dist/index.js"), () => {});
