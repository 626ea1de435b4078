/*
 * A shop whose handlers block the event loop. Tests run it as it is, and built into a
 * CommonJS and an ES module. Arguments: the framework, and a file that finds the packages.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

interface Reply {
  send(text: string): unknown;
}

const BLOCKED_MS = 900;

function loopOverPrices(): number {
  let sum = 0;
  const until = performance.now() + BLOCKED_MS;
  while (performance.now() < until) {
    for (let at = 0; at < 10_000; at++) sum += Math.sqrt(at) % 3;
  }
  return sum;
}

const text: string = JSON.stringify(
  Array.from({ length: 100_000 }, (_, at) => ({ at, name: `item ${at}` })),
);

function parseStock(): number {
  let sum = 0;
  const until = performance.now() + BLOCKED_MS;
  while (performance.now() < until) sum += (JSON.parse(text) as unknown[]).length;
  return sum;
}

function readEveryFile(): number {
  let sum = 0;
  const until = performance.now() + BLOCKED_MS;
  while (performance.now() < until) sum += readFileSync(process.execPath).length;
  return sum;
}

function matchName(): boolean {
  const until = performance.now() + BLOCKED_MS;
  let found = false;
  while (performance.now() < until) found = /^(a+)+$/.test(`${"a".repeat(20)}b`) || found;
  return found;
}

function waitForTool(): number {
  return execFileSync("sleep", [String(BLOCKED_MS / 1_000)]).length;
}

async function waitForOthers(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, BLOCKED_MS));
}

/** Stops the process, until another one continues it. */
function stopsItself(): void {
  writeSync(1, "stops\n");
  process.kill(process.pid, "SIGSTOP");
}

const work: Readonly<Record<string, () => unknown>> = {
  "/loop": loopOverPrices,
  "/parse": parseStock,
  "/read": readEveryFile,
  "/match": matchName,
  "/tool": waitForTool,
  "/waits": waitForOthers,
  "/stops": stopsItself,
  "/pauses": () => writeSync(1, "pauses\n"),
};

async function handle(path: string, reply: Reply): Promise<void> {
  await work[path]?.();
  reply.send("done");
}

type Handler = (request: unknown, reply: Reply) => Promise<void>;

interface App {
  get(path: string, handler: Handler): unknown;
  listen(options: unknown, host?: string, listening?: () => void): { address(): AddressInfo };
  readonly server: { address(): AddressInfo };
}

const [framework = "express", neighbour = ""] = process.argv.slice(2);
const app = (createRequire(neighbour)(framework) as () => App)();
for (const path of Object.keys(work)) {
  // Fastify sends what the promise of a handler has, unless it is the reply.
  app.get(path, async (_request, reply) => {
    await handle(path, reply);
    return reply as unknown as undefined;
  });
}
const print = ({ port }: AddressInfo): void => {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
};
if (framework === "express") {
  const server = app.listen(0, "127.0.0.1", () => print(server.address()));
} else {
  void (app.listen({ port: 0, host: "127.0.0.1" }) as unknown as Promise<void>).then(() => {
    print(app.server.address());
  });
}
