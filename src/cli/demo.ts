import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { type Receiver, startReceiver } from "../receiver/receiver.ts";
import type { ReceivedSpan } from "../receiver/received.ts";
import { type Paint, paintFor } from "./palette.ts";
import { pictureOf, type TraceStory } from "./picture.ts";
import type { FailedRequest, Scenario, ServiceAddress, Stage } from "./scenario.ts";
import { inheritedEnvironment } from "../env.ts";

/** From `dist/cli.js` as from `src/cli/demo.ts`. */
const root = new URL(import.meta.url.endsWith(".ts") ? "../../" : "../", import.meta.url);
const shop = new URL("examples/shop/scenario.ts", root);
const register = new URL("dist/register.js", root);

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
  try {
    if (positionals.length > 0) return await showCommand(positionals, receiver, values.once);
    return await showShop(receiver, values.once);
  } finally {
    await receiver.close();
  }
}

async function showShop(receiver: Receiver, onceOnly: boolean): Promise<number> {
  if (!existsSync(shop)) {
    process.stderr.write(
      "telltale: the shop is part of the repository, not of the package; show your own service: telltale demo -- node app.js\n",
    );
    return 2;
  }
  const scenario = (await import(shop.href)) as Scenario;
  const play = await scenario.start(stageFor(receiver));
  const stopped = new AbortController();
  const interrupted = untilInterrupted(stopped.signal);
  try {
    const failed = await play.traffic();
    await show(receiver, play.services, failed);
    if (!onceOnly) await interrupted;
  } finally {
    stopped.abort();
    await play.stop();
  }
  return 0;
}

async function show(
  receiver: Receiver,
  services: readonly ServiceAddress[],
  failed: FailedRequest,
): Promise<void> {
  const story = await storyOf(receiver, failed.requestId, services);
  print("");
  print(
    `${paint("bold", failed.title)} failed: ${failed.sent} requests, ${failed.failed} of them with a 5xx. What is known of the last one:`
      .replace(/(.{1,80})(?: |$)/g, "$1\n")
      .trimEnd(),
  );
  print("");
  for (const line of pictureOf(story, paint)) print(line);
  print("");
  for (const line of addresses(receiver, services, story.traceId)) print(line);
}

/** Waits until all of the trace has come in: nothing here knows how long that takes. */
async function storyOf(
  receiver: Receiver,
  requestId: string,
  services: readonly ServiceAddress[],
): Promise<TraceStory> {
  const root = await receiver.waitFor(
    ({ spans }) => spans.find((span) => span.attributes["telltale.request.id"] === requestId),
    20_000,
    `the server span of request ${requestId}`,
  );
  const { traceId } = root;
  await receiver.waitFor(
    ({ spans, logs, events }) =>
      isWhole(spans.filter((span) => span.traceId === traceId)) &&
      logs.some((log) => log.traceId === traceId && log.severityText.toLowerCase() === "error") &&
      services.length <=
        events.filter((event) => event.contexts?.["trace"]?.["trace_id"] === traceId).length,
    20_000,
    `all of trace ${traceId}`,
  );
  return collect(receiver, traceId, services);
}

/** No span refers to a parent that isn't there. */
function isWhole(spans: readonly ReceivedSpan[]): boolean {
  const ids = new Set(spans.map((span) => span.spanId));
  return spans.every((span) => span.parentSpanId === "" || ids.has(span.parentSpanId));
}

async function collect(
  receiver: Receiver,
  traceId: string,
  services: readonly ServiceAddress[],
): Promise<TraceStory> {
  const samples = await Promise.all(services.map((service) => samplesOf(service, traceId)));
  return {
    traceId,
    spans: receiver.spans.filter((span) => span.traceId === traceId),
    logs: receiver.logs.filter((log) => log.traceId === traceId),
    samples: samples.flat(),
    events: receiver.events.filter((event) => event.contexts?.["trace"]?.["trace_id"] === traceId),
  };
}

/** The request durations whose exemplar is the trace, from the service's own page. */
async function samplesOf(
  { name, adminUrl }: ServiceAddress,
  traceId: string,
): Promise<TraceStory["samples"]> {
  const response = await fetch(`${adminUrl}/metrics`, {
    headers: { accept: "application/openmetrics-text; version=1.0.0" },
  });
  const page = await response.text();
  return page
    .split("\n")
    .filter(
      (line) => line.startsWith("http_server_request_duration_seconds") && line.includes(traceId),
    )
    .map((line) => ({ service: name, line }));
}

function addresses(
  receiver: Receiver,
  services: readonly ServiceAddress[],
  traceId: string,
): string[] {
  const rows = services.flatMap(({ name, url, adminUrl }): [string, string][] => [
    [name, url],
    ["", `${adminUrl}/metrics`],
    ["", `${adminUrl}/healthz`],
  ]);
  rows.push(["receiver", `${receiver.url}/received/spans?trace_id=`], ["", traceId]);
  return [
    paint("bold", "Look at"),
    ...rows.map(([name, address]) => `  ${paint("dim", name.padEnd(9))} ${address}`),
  ];
}

/** A service of somebody's own: a picture for each trace that fails. */
async function showCommand(
  command: readonly string[],
  receiver: Receiver,
  onceOnly: boolean,
): Promise<number> {
  const [program = "", ...args] = command;
  const stage = stageFor(receiver);
  const env = await stage.environmentOf("");
  print(`telltale: receiving on ${receiver.url}; a failing request shows up here`);
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...env, NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${stage.preload.join(" ")}`.trim() },
  });
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const watching = watch(receiver, onceOnly, exit);
  await Promise.race([watching, exit]);
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const [code] = await exit;
  return onceOnly ? 0 : (code ?? 1);
}

async function watch(receiver: Receiver, onceOnly: boolean, exit: Promise<unknown>): Promise<void> {
  const shown = new Set<string>();
  const state = { over: false };
  void exit.then(() => {
    state.over = true;
  });
  while (!state.over) {
    const span = await receiver
      .waitFor(({ spans }) =>
        spans.find(({ traceId, status }) => status.code === "ERROR" && !shown.has(traceId)),
      )
      .catch(() => undefined);
    if (span === undefined) continue;
    shown.add(span.traceId);
    const story = await collect(receiver, span.traceId, []);
    for (const line of pictureOf(story, paint)) print(line);
    if (onceOnly) return;
  }
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
      SENTRY_DSN: receiver.dsn,
      SENTRY_ENVIRONMENT: "demo",
    }),
    say: (text) => print(paint("dim", `telltale: starting ${text}`)),
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

/** Ctrl-C, or the end that a supervisor asks for. */
async function untilInterrupted(signal: AbortSignal): Promise<void> {
  await Promise.race(
    (["SIGINT", "SIGTERM"] as const).map((name) =>
      once(process, name, { signal }).catch(() => undefined),
    ),
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
