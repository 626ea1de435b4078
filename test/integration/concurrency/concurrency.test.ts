import { fileURLToPath } from "node:url";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import { startStockService } from "../stock.ts";
import {
  requestAllTenants,
  TENANT_COUNT,
  isolationChecks,
  type TenantTelemetry,
} from "./tenants.ts";

for (const framework of ["express", "fastify"]) {
  for (const { name, path } of nodes) {
    describe(`${TENANT_COUNT} concurrent requests (${framework}, Node ${name})`, () => {
      let telemetry: TenantTelemetry;
      before(async () => {
        telemetry = await run(framework, path);
      });

      for (const { title, check } of isolationChecks) it(title, () => check(telemetry));
    });
  }
}

async function run(framework: string, node: string): Promise<TenantTelemetry> {
  const [receiver, stock] = await Promise.all([startReceiver(), startStockService()]);
  const program = new Program({
    file: fileURLToPath(new URL(`apps/${framework}.mjs`, import.meta.url)),
    node,
    flags: preload.import,
    env: {
      ...telemetryEnv(receiver),
      NODE_ENV: "test",
      REQUESTS: String(TENANT_COUNT),
      STOCK_URL: stock.url,
    },
  });
  try {
    const port = await program.waitForStdout((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
    await requestAllTenants(`http://127.0.0.1:${port}`);
    program.kill("SIGTERM");
    const { stdout } = await program.ended;
    await receiver.waitFor(
      ({ spans, events }) => spans.length >= 2 * TENANT_COUNT && events.length >= TENANT_COUNT,
    );
    return {
      spans: receiver.spans,
      events: receiver.events,
      lines: linesIn(stdout),
      stockUrl: stock.url,
      stockRequests: stock.requests,
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
