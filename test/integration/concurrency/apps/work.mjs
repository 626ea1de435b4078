import { addBreadcrumb as addOwnBreadcrumb, getIsolationScope } from "@sentry/core";
import { addBreadcrumb, setTag, setUser } from "telltale";
import winston from "winston";

const count = Number(process.env.REQUESTS);
const stock = process.env.STOCK_URL;
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** One request among `count` at once, which fails when all have got half-way. */
export async function fail(tenant) {
  setUser({ id: `user-${tenant}` });
  setTag("tenant", tenant);
  addBreadcrumb({ message: `tenant ${tenant} came` });
  log.info("came", { tenant });
  await everybody();
  log.info("goes on", { tenant });
  getIsolationScope().setTag("own", tenant);
  const answer = await fetch(`${stock}/${tenant}`);
  await answer.arrayBuffer();
  addOwnBreadcrumb({ message: `tenant ${tenant} goes` });
  log.info("goes", { tenant });
  throw new Error(`tenant ${tenant}`);
}

const waiting = [];

/**
 * Resolves when all are here, for each by another's hand: the last one lets all
 * go, not in the order in which they came, and in as many ways as there are.
 */
function everybody() {
  const here = new Promise((resolve) => waiting.push(resolve));
  if (waiting.length === count) {
    for (let at = 0; at < count; at++) ways[at % ways.length](waiting[(at * 37) % count]);
  }
  return here;
}

const ways = [
  (go) => go(),
  (go) => setImmediate(() => go()),
  (go) => setTimeout(() => go(), 1),
  (go) => process.nextTick(go),
  (go) => queueMicrotask(go),
  (go) => void Promise.resolve().then(go),
];

export function open(port) {
  console.log(`port ${port}`);
}
