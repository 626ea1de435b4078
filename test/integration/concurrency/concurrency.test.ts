import { fileURLToPath } from "node:url";
import { startReceiver } from "../../../src/receiver/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryTo } from "../program.ts";
import { startStock } from "../stock.ts";
import { askAll, REQUESTS, separations, type Tenants } from "./tenants.ts";

for (const framework of ["express", "fastify"]) {
  for (const { name, path } of nodes) {
    describe(`${REQUESTS} requests at once, ${framework}, Node ${name}`, () => {
      let left: Tenants;
      before(async () => {
        left = await run(framework, path);
      });

      for (const { title, check } of separations) it(title, () => check(left));
    });
  }
}

async function run(framework: string, node: string): Promise<Tenants> {
  const [receiver, stock] = await Promise.all([startReceiver(), startStock()]);
  const program = new Program({
    file: fileURLToPath(new URL(`apps/${framework}.mjs`, import.meta.url)),
    node,
    flags: preload.import,
    env: {
      ...telemetryTo(receiver),
      NODE_ENV: "test",
      REQUESTS: String(REQUESTS),
      STOCK_URL: stock.url,
    },
  });
  try {
    const port = await program.says((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
    await askAll(`http://127.0.0.1:${port}`);
    program.kill("SIGTERM");
    const { stdout } = await program.ended;
    await receiver.waitFor(
      ({ spans, events }) => spans.length >= 2 * REQUESTS && events.length >= REQUESTS,
    );
    return {
      spans: receiver.spans,
      events: receiver.events,
      lines: linesIn(stdout),
      stockUrl: stock.url,
      asked: stock.asked,
    };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close(), stock.close()]);
  }
}

function linesIn(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
