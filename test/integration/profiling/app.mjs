import { createServer } from "node:http";

/** The function that takes the time of `/hot`. */
function priceOfCart(until) {
  let sum = 0;
  while (performance.now() < until) for (let at = 0; at < 60_000; at++) sum += Math.sqrt(at) % 3;
  return sum;
}

const kept = [];

/** The function that allocates in `/hot`. */
function loadCatalogue(count) {
  for (let at = 0; at < count; at++) kept.push({ at, list: [at, at, at] });
}

const server = createServer((request, response) => {
  loadCatalogue(2_000);
  // The newest stay: those of a profile of what is in use.
  if (kept.length > 100_000) kept.splice(0, 50_000);
  priceOfCart(performance.now() + 20);
  response.end(String(kept.length));
});
server.listen(0, () => console.log(`listening on ${server.address().port}`));
