const { createServer } = require("node:http");
const { once } = require("node:events");
const pino = require(process.argv[2]);
const { rows, secretOf, visibleOf } = require("./shown-rows.cjs");

/** Logs all rows in a request. The last line of stdout is what each of them showed. */
async function run() {
  const shown = rows.map(() => []);
  const server = createServer((_request, response) => {
    for (const [at, row] of rows.entries()) {
      const values = { secret: secretOf(at), visible: visibleOf(at) };
      row.run({ pino, ...values, shown: (text) => shown[at].push(text) });
    }
    setTimeout(() => response.end(), 50);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).arrayBuffer();
  server.close();
  process.stdout.write(`\n${JSON.stringify(shown)}\n`);
}

void run();
