import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/* An app of which one endpoint waits and one computes; the file `slowdown` makes both slower. */

const slowdown = Number(readFileSync("slowdown", "utf8"));
const rows = Array.from({ length: 2000 }, (_, id) => ({ id, name: `item ${(id * 7919) % 2000}` }));

function compute() {
  let length = 0;
  for (let at = 0; at < Math.round(10 * slowdown); at++)
    length += JSON.stringify(JSON.parse(JSON.stringify(rows))).length;
  return length;
}

createServer((request, response) => {
  if (request.url === "/compute") response.end(String(compute()));
  else setTimeout(() => response.end("waited"), 20 * slowdown);
}).listen(Number(process.env.PORT), "127.0.0.1");
