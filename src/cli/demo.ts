import { existsSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inheritedEnvironment } from "../env.ts";
import { type Receiver, startReceiver } from "../receiver/receiver.ts";
import { showCommand } from "./command.ts";
import { Interruption } from "./interruption.ts";
import { type Paint, paintFor } from "./palette.ts";
import { pictureOf } from "./picture.ts";
import type { FailedRequest, Scenario, ServiceAddress, Stage } from "./scenario.ts";
import { storyOfRequest } from "./story.ts";
import type { Watcher } from "./watcher.ts";

/** From `dist/cli.js` as from `src/cli/demo.ts`. */
const root = new URL(import.meta.url.endsWith(".ts") ? "../../" : "../", import.meta.url);
const shop = new URL("examples/shop/scenario.ts", root);
const register = new URL("dist/register.js", root);

/** What a shell calls the end by Ctrl-C. */
const INTERRUPTED = 130;

const paint: Paint = paintFor(process.stdout);

/**
 * `telltale demo`: a receiver, services preloaded against it, and the picture
 * of one failing request.
 *
 * @returns the exit code.
 */
export async function demo(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { once: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const receiver = await startReceiver();
  const interruption = new Interruption();
  const watcher: Watcher = { receiver, interruption, once: values.once, print, paint };
  const stage = stageFor(receiver);
  try {
    if (positionals.length > 0) return await showCommand(positionals, stage, watcher);
    return await showShop(stage, watcher);
  } finally {
    interruption.forget();
    await receiver.close();
  }
}

async function showShop(stage: Stage, watcher: Watcher): Promise<number> {
  if (!existsSync(shop)) {
    process.stderr.write(
      "telltale: the shop is part of the repository, not of the package; show your own service: telltale demo -- node app.js\n",
    );
    return 2;
  }
  try {
    const scenario = (await import(shop.href)) as Scenario;
    return await perform(scenario, stage, watcher);
  } catch (error) {
    // Ctrl-C ends the services as well, whatever they were about to do.
    if (watcher.interruption.happened) return INTERRUPTED;
    throw error;
  }
}

async function perform(scenario: Scenario, stage: Stage, watcher: Watcher): Promise<number> {
  const { interruption, receiver } = watcher;
  const play = await scenario.start(stage);
  try {
    const traffic = play.traffic();
    traffic.catch(() => {});
    const failed = await Promise.race([traffic, interruption.comes]);
    if (failed === undefined) return INTERRUPTED;
    const story = await storyOfRequest(receiver, failed.requestId, play.services);
    for (const line of [...introduction(failed), ...pictureOf(story, paint)]) print(line);
    if (watcher.once) return 0;
    for (const line of addresses(receiver, play.services, story.traceId)) print(line);
    await interruption.comes;
    return 0;
  } finally {
    await play.stop();
  }
}

function introduction({ title, sent, failed }: FailedRequest): string[] {
  const facts = `${sent} requests, ${failed} of them failed. All that is known of the last one,`;
  return ["", facts, `${paint("bold", title)}:`, ""];
}

function addresses(
  receiver: Receiver,
  services: readonly ServiceAddress[],
  traceId: string,
): string[] {
  const rows = services.flatMap(({ name, page, adminUrl }) => {
    const pages = [...(page === undefined ? [] : [page]), `${adminUrl}/metrics`];
    return [...pages, `${adminUrl}/healthz`].map((url, at) => [at === 0 ? name : "", url] as const);
  });
  return [
    "",
    `${paint("dim", "──")} ${paint("bold", "Look at")} ${paint("dim", "─".repeat(69))}`,
    ...rows.map(([name, url]) => `${paint("dim", name.padEnd(10))}${url}`),
    `${paint("dim", "receiver".padEnd(10))}${receiver.url}/received/spans?trace_id=`,
    `${" ".repeat(10)}${traceId}`,
    "",
    paint("dim", "Ctrl-C ends it."),
  ];
}

function stageFor(receiver: Receiver): Stage {
  return {
    preload: ["--import", fileURLToPath(register)],
    environmentOf: async (service) => ({
      ...inheritedEnvironment(),
      ...(service !== "" && { OTEL_SERVICE_NAME: service }),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      // Soon, because somebody is waiting.
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      // Express prints an error some time after its response: two services do in no certain order.
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
      SENTRY_DSN: receiver.dsn,
      SENTRY_ENVIRONMENT: "demo",
    }),
    say: (text) => print(paint("dim", `telltale: ${text}`)),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
