import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

function compute(ms) {
  let sum = 0;
  const until = performance.now() + ms;
  while (performance.now() < until) for (let at = 0; at < 6_000; at++) sum += Math.sqrt(at) % 3;
  return sum;
}

/** The function of `/red`. */
function red() {
  return compute(15);
}

/** The function of `/blue`. */
function blue() {
  return compute(15);
}

/** The function of no request. */
function background() {
  return compute(15);
}

const work = { "/red": red, "/blue": blue };
const waiting = [];

/** Computes in turn with the others, once as many requests have arrived as the query asks for. */
async function handle(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  waiting.push(1);
  while (waiting.length < Number(searchParams.get("together") ?? 1)) await pause(5);
  let sum = 0;
  for (let turn = 0; turn < 30; turn++) {
    sum += work[pathname]();
    await pause(1);
  }
  response.end(String(sum));
}

const server = createServer((request, response) => void handle(request, response));
setInterval(background, 100);
server.listen(0, () => console.log(`listening on ${server.address().port}`));
