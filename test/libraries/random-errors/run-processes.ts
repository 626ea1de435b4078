import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { type Expected, Expectations } from "./expected.ts";
import { type Framework, frameworkOf, frameworks, isMessage, randomOf, unitOf } from "./plan.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

type Role = Framework | "queue";

const roles: readonly Role[] = [...frameworks, "queue"];

/** Requests of the test in flight. */
const CONCURRENCY = 24;

/** Events on their way, at most: fewer than a process queues before it drops any. */
const MAX_OUTSTANDING_EVENTS = 150;

/** How long no event may arrive before the missing ones are taken for lost, in milliseconds. */
const LOST_AFTER_MS = 20_000;

interface SignalCounts {
  readonly created: number;
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
  readonly reasons?: Readonly<Record<string, number>>;
}

/** A process, and its counters before its end. */
export interface ProcessResult {
  readonly role: Role;
  readonly counts: Readonly<Record<"spans" | "events", SignalCounts>>;
}

export interface RunResult {
  readonly expected: Expected;
  readonly receiver: Receiver;
  readonly processes: readonly ProcessResult[];
}

/** Runs `count` random units over all processes, and then ends these. */
export async function runProcesses(
  seed: number,
  count: number,
  redisUrl: string,
): Promise<RunResult> {
  const receiver = await startReceiver({ maxItems: 1_000_000, maxBytes: 2 ** 30 });
  const directory = new Directory();
  const env = { SEED: String(seed), REDIS_URL: redisUrl, DIRECTORY_URL: await directory.listen() };
  const processes = await Promise.all(
    roles.map(async (role) => UnitProcess.start(role, seed, receiver, env)),
  );
  try {
    for (const { role, url } of processes) directory.addresses.set(role, url);
    const expected = await sendAll(seed, count, receiver, directory.addresses);
    await pollUntilTrue(() => areIdle(processes, expected), "the end of all units");
    await Promise.all(processes.map((one) => one.command("/end")));
    const results = await Promise.all(processes.map((one) => one.end()));
    await receiver.settled();
    return { expected, receiver, processes: results };
  } finally {
    await Promise.all([...processes.map((one) => one.kill()), receiver.close(), directory.close()]);
  }
}

/** Sends requests until these and the units that they start are `count`, and returns what they lead to. */
async function sendAll(
  seed: number,
  count: number,
  receiver: Receiver,
  addresses: ReadonlyMap<Role, string>,
): Promise<Expected> {
  const expected = new Expectations(seed);
  let sent = 0;
  const send = async (): Promise<void> => {
    while (expected.units.size < count) {
      const id = String(sent++);
      await waitForEvents(expected, receiver);
      const path = isMessage(seed, id) ? "enqueue" : "run";
      expected.add(id, path === "run" ? "request" : "message");
      const url = `${addresses.get(frameworkOf(seed, id))}/${path}/${id}`;
      const headers = { ...unitOf(seed, id).headers, "x-request-id": `request-${id}` };
      await (await fetch(url, { headers })).arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, send));
  return expected;
}

/** Waits while many events are on their way, unless they are lost. */
async function waitForEvents(expected: Expected, receiver: Receiver): Promise<void> {
  const outstanding = (): number => expected.events.length - receiver.events.length;
  while (outstanding() > MAX_OUTSTANDING_EVENTS) {
    const before = receiver.events.length;
    try {
      await receiver.waitFor(({ events }) => events.length > before, "an event", LOST_AFTER_MS);
    } catch {
      return;
    }
  }
}

async function areIdle(processes: readonly UnitProcess[], { units }: Expected): Promise<boolean> {
  const statuses = await Promise.all(processes.map((one) => one.command("/status")));
  const handled = statuses.reduce((sum, status) => sum + status.handled, 0);
  const isDone = statuses.every(({ pending }) => pending === 0);
  const isHandled = ({ kind }: { readonly kind: string }): boolean =>
    kind === "request" || kind === "message";
  return isDone && handled === [...units.values()].filter(isHandled).length;
}

/** Serves the addresses of the processes to each other. */
class Directory {
  readonly addresses = new Map<Role, string>();
  readonly #server = createServer((_request, response) => {
    response.end(JSON.stringify(Object.fromEntries(this.addresses)));
  });

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A process that runs units, with a random sampler. */
class UnitProcess {
  readonly role: Role;
  readonly url: string;
  readonly #program: Program;
  readonly #adminPort: number;

  constructor(role: Role, program: Program, port: string, adminPort: number) {
    this.role = role;
    this.url = `http://127.0.0.1:${port}`;
    this.#program = program;
    this.#adminPort = adminPort;
  }

  static async start(
    role: Role,
    seed: number,
    receiver: Receiver,
    env: Readonly<Record<string, string>>,
  ): Promise<UnitProcess> {
    const random = randomOf(seed, role);
    const adminPort = await freePort();
    const program = new Program({
      file: fileURLToPath(new URL("apps/serve.mjs", import.meta.url)),
      flags: preload.import,
      args: [role],
      env: {
        ...telemetryEnv(receiver),
        ...env,
        NODE_ENV: "test",
        TELLTALE: index,
        OTEL_SERVICE_NAME: role,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console,ioredis",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_BSP_MAX_QUEUE_SIZE: "20000",
        OTEL_BSP_SCHEDULE_DELAY: "200",
        OTEL_TRACES_SAMPLER: random.pick(["parentbased_traceidratio", "traceidratio"]),
        OTEL_TRACES_SAMPLER_ARG: random.pick(["0", "0.01", "0.1", "0.5", "1"]),
      },
    });
    const port = await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]);
    return new UnitProcess(role, program, port, adminPort);
  }

  async command(path: "/status" | "/end"): Promise<{ handled: number; pending: number }> {
    const response = await fetch(this.url + path);
    return (await response.json()) as { handled: number; pending: number };
  }

  async end(): Promise<ProcessResult> {
    const counts = await pollUntil(() => this.#sentCounts(), `${this.role}: events in the queue`);
    this.#program.kill("SIGTERM");
    await this.#program.ended;
    return { role: this.role, counts };
  }

  async kill(): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.#program.ended;
  }

  /** Returns the counters when no event is queued. */
  async #sentCounts(): Promise<ProcessResult["counts"] | undefined> {
    const response = await adminPage(this.#adminPort, "/healthz");
    const { telemetry } = (await response.json()) as { telemetry: ProcessResult["counts"] };
    return telemetry.events.queued === 0 ? telemetry : undefined;
  }
}
