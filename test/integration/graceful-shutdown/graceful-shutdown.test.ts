import assert from "node:assert/strict";
import { Agent, get as httpGet, type IncomingMessage } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { Agent as HttpsAgent, get as httpsGet } from "node:https";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { makeCertificates } from "../../export/certificates.ts";
import { freePort } from "../../free-port.ts";
import { nodes } from "../../nodes.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("apps/server.mjs", import.meta.url));
const clusterFile = fileURLToPath(new URL("apps/cluster.mjs", import.meta.url));
const { server: certificate } = makeCertificates();

type Variables = Readonly<Record<string, string>>;

const FRAMEWORKS = ["http", "https", "express", "koa", "fastify"] as const;

/** By variable and by function. A request during the wait may take some time on a busy machine. */
const MODES: readonly (readonly [string, Variables])[] = [
  ["variable", { TELLTALE_GRACEFUL_SHUTDOWN: "60s,wait=1s" }],
  ["function", { OPTIONS: '{"deadline":60000,"wait":1000}' }],
];

describe("A graceful shutdown", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  for (const framework of FRAMEWORKS) {
    for (const [mode, env] of MODES) {
      it(`by ${mode} finishes the requests of ${framework}, and ends by the signal`, async () => {
        const app = await Service.start(receiver, [framework, mode], env);
        const idle = app.agent();
        assert.equal((await app.get("/", idle)).body, "done");
        const slow = app.get("/slow", app.agent());
        await app.program.waitForStdout((stdout) => stdout.includes("started /slow") || undefined);
        app.program.kill("SIGTERM");
        await pollUntilTrue(async () => (await app.ready()) === 503, "503 of /readyz");
        const late = await app.get("/", idle);
        assert.deepEqual([late.status, late.body, late.connection], [200, "done", "close"]);
        assert.deepEqual((await slow).body, "done");
        const { code, signal, stdout, stderr } = await app.program.ended;
        assert.deepEqual({ code, signal, stderr }, { code: null, signal: "SIGTERM", stderr: "" });
        const steps = stdout.split("\n").slice(2, -1);
        if (mode === "function")
          assert.deepEqual(
            steps.filter((step) => step !== "onClose"),
            ["onDrain SIGTERM", "job done", "onShutdown", "closed"],
          );
        assert.equal(steps.includes("onClose"), framework === "fastify" && mode === "function");
        await receiver.settled();
        const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
        assert.equal(servers.length, 3);
        assert.ok(servers.every(({ status }) => status.code !== "ERROR"));
      });
    }
  }

  for (const { name, path } of nodes) {
    it(`finishes the requests of a server, on Node ${name}`, async () => {
      const app = await Service.start(receiver, ["http", "variable"], MODES[0]![1], path);
      const slow = app.get("/slow", app.agent());
      await app.program.waitForStdout((stdout) => stdout.includes("started /slow") || undefined);
      app.program.kill("SIGTERM");
      await pollUntilTrue(
        async () => (await app.get("/", app.agent())).connection === "close",
        "a response that closes its connection",
      );
      assert.equal((await slow).body, "done");
      assert.equal((await app.program.ended).signal, "SIGTERM");
    });
  }

  it("finishes the streams of HTTP/2", async () => {
    const app = await Service.start(receiver, ["http2", "variable"], MODES[0]![1]);
    const session = connectHttp2(`http://127.0.0.1:${app.port}`);
    const slow = http2Body(session, "/slow");
    await app.program.waitForStdout((stdout) => stdout.includes("started /slow") || undefined);
    app.program.kill("SIGTERM");
    assert.equal(await slow, "done");
    const { code, signal } = await app.program.ended;
    assert.deepEqual({ code, signal }, { code: null, signal: "SIGTERM" });
    session.destroy();
  });

  it("that stalls ends by the signal at its deadline, and is reported in one line", async () => {
    // On a busy machine the last flush takes long; the deadline of the shutdown is the same.
    const env = { TELLTALE_GRACEFUL_SHUTDOWN: "1s,wait=0", TELLTALE_FLUSH_TIMEOUT: "20000" };
    const app = await Service.start(receiver, ["http", "variable"], env);
    const never = assert.rejects(app.get("/never", app.agent()), /socket hang up|ECONNRESET/);
    await app.program.waitForStdout((stdout) => stdout.includes("started /never") || undefined);
    app.program.kill("SIGTERM");
    const { code, signal, stderr } = await app.program.ended;
    assert.deepEqual({ code, signal }, { code: null, signal: "SIGTERM" });
    assert.match(
      stderr,
      /^telltale: the graceful shutdown took longer than its deadline \(1000 ms\) while requests are in flight; the process ends with 1 requests and 0 messages or jobs in flight\n$/,
    );
    await never;
    await receiver.settled();
    assert.equal(receiver.spans.length, 1);
  });

  for (const second of ["SIGTERM", "SIGINT"] as const) {
    it(`ends at once at a second signal, ${second}`, async () => {
      const env = { TELLTALE_GRACEFUL_SHUTDOWN: "600s,wait=300s" };
      const app = await Service.start(receiver, ["http", "variable"], env);
      assert.equal((await app.get("/", app.agent())).status, 200);
      app.program.kill("SIGTERM");
      await pollUntilTrue(async () => (await app.ready()) === 503, "503 of /readyz");
      app.program.kill(second);
      const { code, signal } = await app.program.ended;
      assert.deepEqual({ code, signal }, { code: null, signal: second });
      await receiver.settled();
      assert.equal(receiver.spans.length, 1);
    });
  }

  it("finishes requests if their instrumentation is disabled", async () => {
    const env = { ...MODES[0]![1], OTEL_NODE_DISABLED_INSTRUMENTATIONS: "http,console" };
    const app = await Service.start(receiver, ["http", "variable"], env);
    const slow = app.get("/slow", app.agent());
    await app.program.waitForStdout((stdout) => stdout.includes("started /slow") || undefined);
    app.program.kill("SIGTERM");
    assert.equal((await slow).body, "done");
    assert.equal((await app.program.ended).signal, "SIGTERM");
  });

  for (const [title, reaches, own] of [
    ["the primary only", ["primary"], {}],
    ["all processes, also if the primary is late", ["primary", "workers"], { LATE_MS: "700" }],
  ] as const) {
    it(`of a cluster finishes the requests of its workers, at a signal for ${title}`, async () => {
      const shutdown = { TELLTALE_GRACEFUL_SHUTDOWN: "60s,wait=200ms" };
      const env = { ...telemetryEnv(receiver), ...shutdown, ...own };
      const program = new Program({ file: clusterFile, flags: preload.import, env });
      const found = await program.waitForStdout((stdout) => /\{"port.*\}/.exec(stdout));
      const { port, ids } = JSON.parse(found[0]) as { port: number; ids: readonly number[] };
      const slow = Promise.all(
        ids.map(async () => (await fetch(`http://127.0.0.1:${port}/slow`)).text()),
      );
      await program.waitForStdout((stdout) => /(?:started \/slow\s+){2}/.exec(stdout));
      program.kill("SIGTERM");
      if (reaches.length > 1) for (const id of ids) process.kill(id, "SIGTERM");
      assert.deepEqual(await slow, ["done", "done"]);
      const { code, signal, stdout } = await program.ended;
      assert.deepEqual({ code, signal }, { code: null, signal: "SIGTERM" });
      assert.equal(stdout.match(/^exit null SIGTERM$/gm)?.length, 2, stdout);
    });
  }

  it("keeps the process ready if that is asked for", async () => {
    const env = { TELLTALE_GRACEFUL_SHUTDOWN: "60s,wait=1s,readiness=keep" };
    const app = await Service.start(receiver, ["http", "variable"], env);
    const slow = app.get("/slow", app.agent());
    await app.program.waitForStdout((stdout) => stdout.includes("started /slow") || undefined);
    app.program.kill("SIGTERM");
    await pollUntilTrue(
      async () => (await app.get("/", app.agent())).connection === "close",
      "a response that closes its connection",
    );
    assert.equal(await app.ready(), 200);
    assert.equal((await slow).body, "done");
    assert.equal((await app.program.ended).signal, "SIGTERM");
  });

  it("reports the unusable options of the function in one line, and works without them", async () => {
    const options = { OPTIONS: '{"deadline":-1,"wait":"1s","readiness":"no"}' };
    const app = await Service.start(receiver, ["http", "function"], options);
    app.program.kill("SIGINT");
    app.program.kill("SIGTERM");
    const { stderr } = await app.program.ended;
    assert.equal(
      stderr,
      'telltale: gracefulShutdown received deadline -1, expected milliseconds from 1 to 2147483647; it is left out; wait a string, expected milliseconds from 0 to 24999; it is left out; an unknown readiness, expected "fail" or "keep"; fail is used\n',
    );
  });

  it("is not there unless it is asked for", async () => {
    const app = await Service.start(receiver, ["http", "variable"], {});
    const slow = assert.rejects(app.get("/slower", app.agent()), /socket hang up|ECONNRESET/);
    await app.program.waitForStdout((stdout) => stdout.includes("started /slower") || undefined);
    app.program.kill("SIGTERM");
    await slow;
    assert.equal((await app.program.ended).signal, "SIGTERM");
  });
});

interface Reply {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** A preloaded process with a server. */
class Service {
  readonly program: Program;
  readonly port: number;
  readonly #adminPort: number;
  readonly #isSecure: boolean;

  private constructor(program: Program, port: number, adminPort: number, isSecure: boolean) {
    this.program = program;
    this.port = port;
    this.#adminPort = adminPort;
    this.#isSecure = isSecure;
  }

  static async start(
    receiver: Receiver,
    args: readonly [string, string],
    env: Variables,
    node?: string,
  ): Promise<Service> {
    const adminPort = await freePort();
    const tls = { TLS_KEY: certificate.key, TLS_CERT: certificate.cert };
    const own = { OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort) };
    const all = {
      ...telemetryEnv(receiver),
      TELLTALE_FLUSH_TIMEOUT: "10000",
      ...own,
      ...tls,
      ...env,
    };
    const program = new Program({
      file,
      flags: preload.import,
      args,
      env: all,
      ...(node !== undefined && { node }),
    });
    const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
    const service = new Service(program, Number(found[1]), adminPort, args[0] === "https");
    await pollUntilTrue(async () => (await service.ready()) === 200, "200 of /readyz");
    return service;
  }

  agent(): Agent {
    const options = { keepAlive: true, maxSockets: 1 };
    return this.#isSecure
      ? new HttpsAgent({ ...options, rejectUnauthorized: false })
      : new Agent(options);
  }

  /** Requests a page, on a connection of the agent. */
  async get(path: string, agent: Agent): Promise<Reply> {
    const url = `${this.#isSecure ? "https" : "http"}://127.0.0.1:${this.port}${path}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      (this.#isSecure ? httpsGet : httpGet)(url, { agent }, resolve).on("error", reject);
    });
    const body = await text(response);
    return { status: response.statusCode, connection: response.headers.connection, body };
  }

  /** Returns the status of `/readyz`, if there is a response. */
  async ready(): Promise<number | undefined> {
    const url = `http://127.0.0.1:${this.#adminPort}/readyz`;
    return fetch(url).then(
      ({ status }) => status,
      () => undefined,
    );
  }
}

async function http2Body(session: ClientHttp2Session, path: string): Promise<string> {
  return text(session.request({ ":path": path }).setEncoding("utf8"));
}
