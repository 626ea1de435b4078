import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Context } from "mocha";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { goOrSkip, programOrSkip } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startKafka } from "../servers/kafka.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRabbitMq } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";
import { CuttableProxy } from "./proxy.ts";

const file = fileURLToPath(new URL("apps/checked.mjs", import.meta.url));
const folderOf = (group: string): string => fileURLToPath(new URL(`../${group}`, import.meta.url));

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

interface CheckRow {
  /** The kind of client in the app. */
  readonly kind: string;
  /** The folder that has the library. */
  readonly group: string;
  readonly start: (test: Context) => Promise<Server>;
  /** The reasons while connections are refused. */
  readonly reason: RegExp;
}

const postgres = (): Promise<Server> => startPostgres();
const mariadb = (test: Context): Promise<Server> => {
  programOrSkip(test, "mariadb-install-db");
  return startMariaDb();
};
const redis = (test: Context): Promise<Server> => {
  programOrSkip(test, "redis-server");
  return startRedis();
};
const rabbitmq = (test: Context): Promise<Server> => {
  programOrSkip(test, "rabbitmq-server");
  return startRabbitMq();
};
const ferretdb = (test: Context): Promise<Server> => {
  goOrSkip(test);
  return startFerretDb();
};

const ROWS: readonly CheckRow[] = [
  { kind: "pgPool", group: "stores", start: postgres, reason: /ECONNREFUSED|terminated/ },
  { kind: "pgClient", group: "stores", start: postgres, reason: /not queryable|closed|terminated/ },
  { kind: "mysql2Pool", group: "stores", start: mariadb, reason: /ECONNREFUSED|closed/ },
  { kind: "mysql2Promise", group: "stores", start: mariadb, reason: /ECONNREFUSED|closed/ },
  {
    kind: "mongodb",
    group: "stores",
    start: ferretdb,
    reason: /ECONNREFUSED|closed|ended|[Tt]imed out/,
  },
  { kind: "redis", group: "stores", start: redis, reason: /not connected|closed/ },
  { kind: "ioredis", group: "stores", start: redis, reason: /not connected|closed/ },
  { kind: "amqplib", group: "queues", start: rabbitmq, reason: /closed|ended/ },
  {
    kind: "http",
    group: "stores",
    start: startPage,
    reason: /ECONNREFUSED|other side closed|ECONNRESET/,
  },
];

/** What identifies the traffic of clients on the page of metrics. */
const CLIENT_METRICS =
  /^(?:db_client_operation|http_client_request|messaging_client_operation|messaging_client_sent).*_count/;

describe("A check", () => {
  for (const { kind, group, start, reason } of ROWS) {
    it(`of ${kind} passes, fails while its server is unreachable, and leaves no traces of its calls`, async function () {
      const server = await start(this);
      const { protocol, port } = new URL(server.url);
      const proxy = await CuttableProxy.start(Number(port));
      const url = server.url.replace(`:${port}`, `:${proxy.port}`);
      assert.ok(protocol !== "" && url !== server.url);
      const app = await CheckedApp.start(folderOf(group), kind, url);
      try {
        await app.passes();
        await app.assertNoTraffic();
        proxy.cut();
        await app.fails(reason);
        await proxy.restore();
        await app.passes();
        await server.stop();
        await app.fails(/./);
        assert.equal((await app.page("/readyz")).status, 503);
      } finally {
        await app.stop();
        proxy.stop();
        await server.stop();
      }
    });
  }

  it("of kafkajs passes, fails while its broker is stopped, and leaves no traces of its calls", async function () {
    for (const program of ["java", "mvn"]) programOrSkip(this, program);
    const broker = await startKafka();
    const app = await CheckedApp.start(folderOf("queues"), "kafkajs", broker.url);
    try {
      await app.passes();
      await app.assertNoTraffic();
      await broker.stop();
      await app.fails(/ECONNREFUSED|timed out|closed|onnection/);
      const again = await startKafka(broker.ports);
      try {
        await app.passes();
      } finally {
        await again.stop();
      }
    } finally {
      await app.stop();
      await broker.stop();
    }
  });
});

/** A process with a client that is checked. */
class CheckedApp {
  readonly #program: Program;
  readonly #receiver: Receiver;
  readonly #port: number;

  private constructor(program: Program, receiver: Receiver, port: number) {
    this.#program = program;
    this.#receiver = receiver;
    this.#port = port;
  }

  static async start(folder: string, kind: string, url: string): Promise<CheckedApp> {
    const receiver = await startReceiver();
    const port = await freePort();
    const env = {
      ...telemetryEnv(receiver),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
    const program = new Program({ file, flags: preload.import, args: [folder, kind, url], env });
    await program.waitForStdout((stdout) => stdout.includes("ready") || undefined);
    return new CheckedApp(program, receiver, port);
  }

  async passes(): Promise<void> {
    let check: CheckContent | undefined;
    await pollUntilTrue(
      async () => (check = await this.#check())?.status === "pass",
      () => `a check that passes; the last one is ${JSON.stringify(check)}`,
    );
  }

  /**
   * Waits until the check fails for a reason. On a busy machine, the call of the first runs may
   * end by the time limit of checks, before the client has noticed that its connection is lost.
   */
  async fails(reason: RegExp): Promise<void> {
    let check: CheckContent | undefined;
    await pollUntilTrue(
      async () => {
        check = await this.#check();
        return check?.status === "fail" && reason.test(check.detail?.error ?? "");
      },
      () => `a check that fails by ${reason}; the last one is ${JSON.stringify(check)}`,
    );
  }

  /** While the check runs repeatedly, there are no spans but those of the app's own call. */
  async assertNoTraffic(): Promise<void> {
    await pollUntilTrue(
      () => this.#receiver.spans.some(({ name }) => name === "use"),
      "the span of the app's job",
    );
    const before = await this.#clientMetrics();
    assert.notDeepEqual(before, []);
    const times = new Set<string>();
    await pollUntilTrue(async () => {
      times.add((await this.#check())?.time ?? "");
      return times.size > 5;
    }, "more runs of the check");
    assert.deepEqual(await this.#clientMetrics(), before);
    await this.#receiver.settled();
    const traceId = this.#receiver.spans.find(({ name }) => name === "use")?.traceId;
    const own = this.#receiver.spans.filter((span) => span.traceId === traceId);
    assert.ok(own.length > 1, "the call of the app has a span");
    const since = Math.max(...own.map(({ endTimeUnixNano }) => Number(endTimeUnixNano)));
    const others = this.#receiver.spans.filter(
      (span) => span.traceId !== traceId && Number(span.startTimeUnixNano) > since,
    );
    assert.deepEqual(
      others.map(({ name }) => name),
      [],
    );
  }

  page(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`);
  }

  async stop(): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.#program.ended;
    await this.#receiver.close();
  }

  async #clientMetrics(): Promise<string[]> {
    const text = await (await this.page("/metrics")).text();
    return text.split("\n").filter((line) => CLIENT_METRICS.test(line));
  }

  async #check(): Promise<CheckContent | undefined> {
    const response = await this.page("/readyz").catch(() => undefined);
    const content = (await response?.json()) as
      | { checks: Record<string, CheckContent> }
      | undefined;
    return content?.checks["dependency"];
  }
}

interface CheckContent {
  readonly status: string;
  readonly time: string;
  readonly detail?: { readonly error?: string };
}

/** Starts a server with one page. */
async function startPage(): Promise<Server> {
  const server = createServer((_request, response) => response.end("up")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
