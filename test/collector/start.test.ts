import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/build/paths.ts";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { freePorts } from "../libraries/servers/daemon.ts";
import { startReceiver } from "../../src/testing/receiver.ts";
import { node } from "../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";
import { postTelemetry, otlpSpansOf } from "./support/telemetry.ts";

/** A valid configuration, which the rows below break. */
const VALID_CONFIGURATION = `
extensions:
  health_check: {endpoint: "127.0.0.1:\${env:HEALTH_PORT:-13133}"}
  file_storage: {directory: "\${env:QUEUE:-/tmp}"}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:\${env:OTLP_PORT:-4318}"}}}
exporters:
  debug: {}
service:
  extensions: [health_check, file_storage]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
`;

/** The name in TELLTALE_COLLECTOR_HTTP_PORT. */
const GATEWAY_PORTS = ["HTTP", "GRPC", "HEALTH", "METRICS", "ZPAGES", "PPROF", "PROMETHEUS"];

type Environment = Readonly<Record<string, string | undefined>>;

interface Row {
  readonly what: string;
  readonly configuration: string;
  /** In addition to free ports and a writable folder. */
  readonly env?: Environment;
  readonly args?: readonly string[];
  readonly message: RegExp;
}

const rows: readonly Row[] = [
  {
    what: "a variable that is not set",
    configuration: VALID_CONFIGURATION.replace(
      "debug: {}",
      'otlp_http: {endpoint: "${env:BACKEND_URL}"}',
    ),
    message:
      /^collector: BACKEND_URL is not set, and broken\.yaml requires: `export BACKEND_URL=\.\.\.`/m,
  },
  {
    what: "two variables, one of them empty",
    configuration: `${VALID_CONFIGURATION}\n# \${env:ONLY_IN_A_COMMENT}\nx: "\${env:FIRST} \${env:SECOND} \${env:FIRST}"`,
    env: { FIRST: "" },
    message: /^collector: FIRST, SECOND are not set, and broken\.yaml requires/m,
  },
  {
    what: "an empty variable with a default",
    configuration: VALID_CONFIGURATION,
    env: { OTLP_PORT: "" },
    message:
      /^collector: OTLP_PORT is set to nothing, which the Collector takes for its value: `unset OTLP_PORT`/m,
  },
  {
    what: "a component that is not built in",
    configuration: VALID_CONFIGURATION.replaceAll("debug", "elasticsearch"),
    message: /^collector: exporters has no elasticsearch in this build: it has debug, file, /m,
  },
  {
    what: "a pipeline's exporter that is not defined",
    configuration: VALID_CONFIGURATION.replace("exporters: [debug]", "exporters: [debgu]"),
    message:
      /^collector: service\.pipelines\.traces names exporter debgu, which is not defined: define it/m,
  },
  {
    what: "a misspelt setting",
    configuration: VALID_CONFIGURATION.replace(
      '{endpoint: "127.0.0.1:${env:OTLP',
      '{endpiont: "127.0.0.1:${env:OTLP',
    ),
    message:
      /^collector: otlpreceiver\.HTTPConfig has no setting endpiont: correct or remove the name/m,
  },
  {
    what: "broken YAML",
    configuration: "receivers: [",
    message: /^collector: the configuration is no valid YAML: line 1: /m,
  },
  {
    what: "a queue folder that is missing",
    configuration: VALID_CONFIGURATION,
    env: { QUEUE: "/nowhere/queue" },
    message:
      /^collector: the queue folder \/nowhere\/queue is missing: `mkdir -p \/nowhere\/queue`/m,
  },
  {
    what: "a queue folder that is a file",
    configuration: VALID_CONFIGURATION,
    env: { QUEUE: "/etc/hostname" },
    message: /^collector: the queue folder \/etc\/hostname is a file/m,
  },
  {
    what: "a queue folder that can't be created",
    configuration: VALID_CONFIGURATION.replace(
      ':-/tmp}"',
      ':-/proc/queue}", create_directory: true',
    ),
    env: { QUEUE: undefined },
    message:
      /^collector: \/proc\/queue can't be written \(no such file or directory\): .* by QUEUE$/m,
  },
  {
    what: "an address of another host",
    configuration: VALID_CONFIGURATION.replaceAll("127.0.0.1", "192.0.2.1"),
    message: /^collector: 192\.0\.2\.1:\d+ is no address of this machine/m,
  },
  {
    what: "a missing configuration",
    configuration: VALID_CONFIGURATION,
    args: ["nowhere.yaml"],
    message:
      /^collector: there is no configuration nowhere\.yaml: neither a file, nor one of the presets/m,
  },
  {
    what: "an unknown back end",
    configuration: VALID_CONFIGURATION,
    args: ["--backend", "graphite"],
    message: /^collector: there is no back end graphite; collector\/backends\/ has /m,
  },
  {
    what: "a back end's variables that are not set",
    configuration: VALID_CONFIGURATION,
    args: ["--backend", "sentry"],
    message:
      /^collector: SENTRY_OTLP_ENDPOINT, SENTRY_PUBLIC_KEY are not set, and sentry\.yaml requires/m,
  },
  {
    what: "invalid values of a preset's variables",
    configuration: VALID_CONFIGURATION,
    args: ["gateway"],
    env: {
      TELLTALE_COLLECTOR_BACKEND: "user:password@gateway",
      TELLTALE_COLLECTOR_DECISION_WAIT: "soon",
      TELLTALE_COLLECTOR_HTTP_PORT: "70000",
      TELLTALE_COLLECTOR_OFTEN_ROUTES: "/orders",
      TELLTALE_COLLECTOR_SAMPLE_PERCENT: "all",
    },
    message: new RegExp(
      [
        'collector: TELLTALE_COLLECTOR_HTTP_PORT is "70000", which is no port; without it, it is 4318',
        'TELLTALE_COLLECTOR_DECISION_WAIT is "soon", which is no duration; without it, it is 10s',
        'TELLTALE_COLLECTOR_OFTEN_ROUTES is "/orders", which is no list; without it, it is \\[\\]',
        'TELLTALE_COLLECTOR_SAMPLE_PERCENT is "all", which is no number; without it, it is 10',
        "TELLTALE_COLLECTOR_BACKEND is not a URL; without it, it is http://127.0.0.1:24318",
      ].join("\n"),
    ),
  },
  {
    what: "a back end over the local preset",
    configuration: VALID_CONFIGURATION,
    args: ["local", "--backend", "jaeger"],
    message:
      /^collector: otlp_grpc\/jaeger keeps its queue on disk by file_storage, which .*: lay back ends over agent or gateway$/m,
  },
  {
    what: "an invalid boolean of a back end",
    configuration: VALID_CONFIGURATION,
    args: ["--backend", "jaeger"],
    env: { JAEGER_INSECURE: "yes" },
    message: /^collector: JAEGER_INSECURE is "yes", which is no switch; without it, it is false$/m,
  },
  {
    what: "an unknown option",
    configuration: VALID_CONFIGURATION,
    args: ["--fast"],
    message: /^collector: Unknown option '--fast'/m,
  },
  {
    what: "a missing binary",
    configuration: VALID_CONFIGURATION,
    args: ["--binary", "/nowhere/otelcol"],
    message: /^collector: --binary \/nowhere\/otelcol: there is no such file/m,
  },
];

describe("npm run collector", function () {
  this.timeout(30 * 60_000);
  let folder: string;
  let file: string;
  let binary: string;

  before(async () => {
    binary = await collectorBinary();
    folder = mkdtempSync(join(tmpdir(), "telltale-collector-start-"));
    mkdirSync(join(folder, "queue"));
    file = join(folder, "broken.yaml");
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const row of rows) {
    it(`prints what is wrong with ${row.what}, and exits with 1`, async () => {
      writeFileSync(file, row.configuration);
      const args =
        row.args?.[0]?.startsWith("--") === false ? row.args : [...(row.args ?? []), file];
      const { code, stderr } = await run(args, await environment(row.env)).ended;
      assert.match(stderr, row.message);
      assert.equal(code, 1);
      assert.doesNotMatch(stderr, /\.go:\d+$|goroutine/m, "a stack trace of Go");
    });
  }

  it("names the variable of a port that is in use", async () => {
    const portOwner = createServer();
    await once(portOwner.listen(0, "127.0.0.1"), "listening");
    const { port } = portOwner.address() as { port: number };
    try {
      writeFileSync(file, VALID_CONFIGURATION.replace("OTLP_PORT:-4318", `OTLP_PORT:-${port}`));
      const env = await environment({ OTLP_PORT: undefined });
      const { code, stderr } = await run([file], env).ended;
      const message = `collector: 127.0.0.1:${port} is in use: end what listens there, or take another port by OTLP_PORT`;
      assert.ok(stderr.includes(`\n${message}\n`), stderr);
      assert.equal(code, 1);
      assert.doesNotMatch(stderr, /\.go:\d+$/m);
    } finally {
      await once(portOwner.close(), "close");
    }
  });

  for (const name of GATEWAY_PORTS) {
    it(`names the variable of the gateway's ${name} port, when that is in use`, async () => {
      const portOwner = createServer();
      await once(portOwner.listen(0, "127.0.0.1"), "listening");
      const { port } = portOwner.address() as { port: number };
      const variable = `TELLTALE_COLLECTOR_${name}_PORT`;
      try {
        const env = { ...(await gatewayEnvironment()), [variable]: String(port) };
        const { code, stderr } = await run(["gateway"], env).ended;
        const message = `collector: 127.0.0.1:${port} is in use: end what listens there, or take another port by ${variable}`;
        assert.ok(stderr.includes(`\n${message}\n`), stderr);
        assert.equal(code, 1);
      } finally {
        await once(portOwner.close(), "close");
      }
    });
  }

  it("names the variable of the gateway's queue folder, when it can't be created", async () => {
    const env = { ...(await gatewayEnvironment()), TELLTALE_COLLECTOR_QUEUE: "/proc/queue" };
    const { code, stderr } = await run(["gateway"], env).ended;
    assert.match(
      stderr,
      /^collector: \/proc\/queue can't be written \(.*\): .* by TELLTALE_COLLECTOR_QUEUE$/m,
    );
    assert.equal(code, 1);
  });

  it("sends each signal to all back ends that accept it", async () => {
    const receiver = await startReceiver({ grpcPort: 0 });
    const env: Environment = {
      ...(await gatewayEnvironment()),
      JAEGER_ENDPOINT: receiver.grpcUrl,
      JAEGER_INSECURE: "true",
      TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
      TEMPO_ENDPOINT: receiver.url,
    };
    const collector = run(["gateway", "--backend", "jaeger", "--backend", "tempo"], env);
    try {
      await collector.waitForOutput(/Everything is ready/);
      const url = `http://127.0.0.1:${env["TELLTALE_COLLECTOR_HTTP_PORT"]}`;
      await postTelemetry(url, "traces", otlpSpansOf([{ trace: 31, name: "seen", failed: true }]));
      // A span that is accepted too late arrives twice.
      await receiver.waitFor(
        ({ requests, spans }) =>
          spans.length >= 2 && new Set(requests.map(({ path }) => path)).size === 2,
        "span by both",
      );
    } finally {
      collector.child.kill("SIGTERM");
      await collector.ended;
      await receiver.close();
    }
  });

  it("prints what to do without Go", async () => {
    writeFileSync(file, VALID_CONFIGURATION);
    const env = { ...(await environment()), PATH: join(folder, "queue") };
    const { code, stderr } = await run([file], env, false).ended;
    assert.match(
      stderr,
      /^collector: Go is missing, .* `docker build -t telltale-collector collector` needs only Docker\n$/,
    );
    assert.equal(code, 1);
  });

  it("only validates with --validate", async () => {
    writeFileSync(file, VALID_CONFIGURATION);
    const { code, stderr } = await run(["--validate", file], await environment()).ended;
    assert.match(stderr, /^collector: .*broken\.yaml is valid\n$/);
    assert.equal(code, 0);
  });

  it("runs until SIGTERM, and exits with 0", async () => {
    writeFileSync(file, VALID_CONFIGURATION);
    const env = await environment();
    const collector = run([file], env);
    await collector.waitForOutput(/Everything is ready/);
    const response = await fetch(`http://127.0.0.1:${env["HEALTH_PORT"]}/`);
    assert.equal(response.status, 200);
    collector.child.kill("SIGTERM");
    const { code, stderr } = await collector.ended;
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /^collector: (?!starting with )/m);
    await assert.rejects(fetch(`http://127.0.0.1:${env["HEALTH_PORT"]}/`));
  });

  async function environment(own: Environment = {}): Promise<Environment> {
    const [otlp, health] = await freePorts(2);
    return {
      PATH: process.env["PATH"]!,
      HEALTH_PORT: String(health),
      OTLP_PORT: String(otlp),
      QUEUE: join(folder, "queue"),
      ...own,
    };
  }

  async function gatewayEnvironment(): Promise<Environment> {
    const ports = await freePorts(GATEWAY_PORTS.length);
    return {
      PATH: process.env["PATH"]!,
      TELLTALE_COLLECTOR_QUEUE: join(folder, "queue"),
      ...Object.fromEntries(
        GATEWAY_PORTS.map((name, at) => [`TELLTALE_COLLECTOR_${name}_PORT`, String(ports[at])]),
      ),
    };
  }

  /** @param built whether the path of the Collector is passed, so that no cache is read */
  function run(args: readonly string[], env: Environment, built = true) {
    const script = join(root, "scripts", "collector.ts");
    const configuration = built && !args.includes("--binary") ? ["--binary", binary] : [];
    const child = spawn(node, [script, ...configuration, ...args], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
      // Ends a Collector that unexpectedly runs.
      timeout: WAIT_TIMEOUT_MS,
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
    const message = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(stderr)) {
        const isOver = await Promise.race([once(child.stderr, "data"), ended]);
        if ("code" in isOver) throw new Error(`it ended too soon:\n${stderr}`);
      }
    };
    return { child, ended, waitForOutput: message };
  }
});
