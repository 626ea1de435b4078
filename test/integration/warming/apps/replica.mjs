// A replica of a shop with caches, whose warmers are those in WARMERS. It prints each run, and serves
// its cache and the gate that its slow warmer waits for.
import { createServer } from "node:http";
import { gracefulShutdown, registerCacheWarmer, watchCache } from "../../../../dist/index.js";

const products = watchCache(new Map(), "products");
const gate = Promise.withResolvers();

const warmers = {
  products: [
    async (params, { trigger, signal }) => {
      console.log(`warming products: ${trigger} ${JSON.stringify(params)} ${signal.aborted}`);
      products.get(params.id ?? "1");
      products.set(params.id ?? "1", "a book");
      products.get(params.id ?? "1");
    },
    { every: 1000 },
  ],
  prices: [
    async () => {
      throw new TypeError("no answer of redis://shop:swordfish-12345@cache:6379");
    },
    { every: 1000 },
  ],
  hanging: [() => new Promise(() => {}), { timeout: 300 }],
  endless: [
    (_params, { signal }) =>
      new Promise(() => {
        console.log("warming endless");
        signal.addEventListener("abort", () => console.log(`aborted: ${signal.reason.message}`));
      }),
  ],
  slow: [
    () => gate.promise,
    { beforeReady: process.env.BEFORE_READY === "true", timeout: 3_600_000 },
  ],
  manual: [
    (params) => console.log(`warming manual: ${JSON.stringify(params)}`),
    { onStart: false },
  ],
};

for (const name of process.env.WARMERS.split(",")) {
  registerCacheWarmer(name, ...warmers[name]);
}
console.log("registered");

const server = createServer((request, response) => {
  if (request.url === "/open") gate.resolve();
  response.end(`${products.size}`);
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
if (process.env.GRACEFUL === "true") gracefulShutdown(server, { deadline: 60_000, wait: 0 });
