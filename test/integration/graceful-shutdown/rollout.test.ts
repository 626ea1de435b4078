import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { Daemon } from "../../libraries/servers/daemon.ts";
import { freePorts } from "../../free-port.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("apps/replica.mjs", import.meta.url));

/** Requests per second, as far as the machine allows. */
const RATE = Number(process.env["TEST_ROLLOUT_RATE"] ?? 1000);
const REPLICAS = 3;
/** The proxy marks a replica as down after its first failed probe. */
const PROBE_MS = 250;

describe("A rollout of three replicas behind HAProxy", () => {
  it("under load fails no request and loses no span", async function () {
    const program = programOrSkip(this, "haproxy");
    const receiver = await startReceiver();
    const [front = 0, stats = 0, ...ports] = await freePorts(2 + 2 * REPLICAS);
    const replicas = Array.from({ length: REPLICAS }, (_, id) => ({
      port: ports[2 * id] ?? 0,
      adminPort: ports[2 * id + 1] ?? 0,
    }));
    const proxy = await startProxy(program, { front, stats, replicas });
    let running = replicas.map((replica) => start(receiver, replica));
    const isUp = (id: number): Promise<boolean> => proxy.isUp(`replica${id}`);
    const allUp = (): Promise<void> =>
      pollUntilTrue(
        async () => (await Promise.all(replicas.map((_, id) => isUp(id)))).every(Boolean),
        "all replicas",
      );
    try {
      await allUp();
      const load = new Load(`http://127.0.0.1:${front}/`, RATE);
      for (const [id, replica] of replicas.entries()) {
        const old = running[id]!;
        await pause(500);
        old.kill("SIGTERM");
        const { code, signal, stderr } = await old.ended;
        assert.deepEqual({ code, signal, stderr }, { code: null, signal: "SIGTERM", stderr: "" });
        running = running.with(id, start(receiver, replica));
        await allUp();
      }
      await pause(500);
      const { sent, failures, perSecond } = await load.stop();
      for (const replica of running) replica.kill("SIGTERM");
      await Promise.all(running.map(({ ended }) => ended));
      await receiver.settled();
      process.stdout.write(`      ${sent} requests, ${Math.round(perSecond)} a second\n`);
      assert.deepEqual(failures, []);
      assert.ok(sent > 1000, `${sent} requests`);
      assert.equal(receiver.spans.filter(({ kind }) => kind === "SERVER").length, sent);
    } finally {
      for (const replica of running) replica.kill("SIGKILL");
      await Promise.all(running.map(({ ended }) => ended));
      await proxy.stop();
      await receiver.close();
    }
  });
});

interface Replica {
  readonly port: number;
  readonly adminPort: number;
}

function start(receiver: Receiver, { port, adminPort }: Replica): Program {
  return new Program({
    file,
    flags: preload.import,
    args: [String(port)],
    env: {
      ...telemetryEnv(receiver),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      TELLTALE_FLUSH_TIMEOUT: "20000",
      // The receiver shares its process with the load.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
      OTEL_BSP_MAX_QUEUE_SIZE: "100000",
      TELLTALE_GRACEFUL_SHUTDOWN: `100s,wait=${20 * PROBE_MS}ms`,
    },
  });
}

interface Proxy {
  isUp(server: string): Promise<boolean>;
  stop(): Promise<void>;
}

/**
 * Starts HAProxy, which probes `/readyz` of each replica, retries nothing, and reuses connections.
 * An answer may be late on a busy machine: only another one than 200 takes a replica out.
 */
async function startProxy(
  program: string,
  { front, stats, replicas }: { front: number; stats: number; replicas: readonly Replica[] },
): Promise<Proxy> {
  const daemon = new Daemon("haproxy");
  const config = join(daemon.directory, "haproxy.cfg");
  const servers = replicas.map(
    ({ port, adminPort }, id) =>
      `  server replica${id} 127.0.0.1:${port} check port ${adminPort} inter ${PROBE_MS} fall 1 rise 1`,
  );
  writeFileSync(
    config,
    `global
  maxconn 2000
defaults
  mode http
  retries 0
  timeout connect 10s
  timeout check 60s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend front
  bind 127.0.0.1:${front}
  default_backend replicas
backend replicas
  balance roundrobin
  http-reuse safe
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
${servers.join("\n")}
frontend stats
  bind 127.0.0.1:${stats}
  stats enable
  stats uri /
`,
  );
  const page = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${stats}/;csv`, { headers: { connection: "close" } })).text();
  await daemon.start({
    name: "haproxy",
    command: [program, "-db", "-f", config],
    isReady: async () => void (await page()),
  });
  return {
    async isUp(server) {
      return (await page()).split("\n").some((line) => {
        const fields = line.split(",");
        return fields[1] === server && fields[17] === "UP";
      });
    },
    stop: () => daemon.stop(),
  };
}

/** Requests at a constant rate, over connections that stay open. */
class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 });
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #pending = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  #sent = 0;

  /** @param rate requests per second */
  constructor(url: string, rate: number) {
    this.#url = url;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startedAt) / 1000) * rate;
      // What a busy machine does not manage is left out.
      for (let count = this.#sent; count < due && this.#pending.size < 200; count++) this.#send();
    }, 5);
  }

  async stop(): Promise<{ sent: number; failures: readonly string[]; perSecond: number }> {
    clearInterval(this.#timer);
    const perSecond = this.#sent / ((performance.now() - this.#startedAt) / 1000);
    await Promise.all(this.#pending);
    this.#agent.destroy();
    return { sent: this.#sent, failures: this.#failures, perSecond };
  }

  #send(): void {
    this.#sent += 1;
    const result = this.#request().catch((error: unknown) => {
      this.#failures.push(String(error));
    });
    this.#pending.add(result);
    void result.then(() => this.#pending.delete(result));
  }

  async #request(): Promise<void> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(this.#url, { agent: this.#agent }, resolve).on("error", reject);
    });
    for await (const _chunk of response);
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  }
}
