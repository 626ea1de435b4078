import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import { DevProject, portOf, SERVER } from "./dev-run.ts";
import { join } from "node:path";

/** Requests itself, and ends. */
const SELF = `
import http from "node:http";
const server = http.createServer((request, response) => {
  console.log("line of " + request.url);
  response.end("ok");
});
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  for (let at = 0; at < 20; at++)
    await (await fetch("http://127.0.0.1:" + port + "/" + at + "?token=s3cret")).text();
  server.close();
  server.closeAllConnections();
});
`;

describe("An app with TELLTALE_VIEWER", () => {
  let viewer: Receiver;
  let other: Receiver;
  let project: DevProject;
  beforeEach(async () => {
    [viewer, other] = await Promise.all([startReceiver(), startReceiver()]);
    project = new DevProject({ "self.js": SELF });
  });
  afterEach(() => Promise.all([viewer.close(), other.close(), project.remove()]));

  const run = (variables: Readonly<Record<string, string>>): Program =>
    new Program({
      file: join(project.folder, "self.js"),
      flags: preload.import,
      cwd: project.folder,
      env: {
        ...telemetryEnv(other),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        TELLTALE_VIEWER: viewer.url,
        ...variables,
      },
    });

  it("sends all spans and lines to the viewer, and the same as without it to others", async () => {
    const { code, stderr } = await run({}).ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await Promise.all([viewer.settled(), other.settled()]);
    assert.equal(viewer.spans.length, 40, "a server and a client span of each request");
    assert.deepEqual(withoutRun(viewer.spans), withoutRun(other.spans));
    assert.equal(viewer.logs.length, 20);
    // Batches may arrive in any order.
    const bodiesOf = ({ logs }: Receiver): string[] => logs.map(({ body }) => JSON.stringify(body));
    assert.deepEqual(bodiesOf(viewer).toSorted(), bodiesOf(other).toSorted());
  });

  it("has the attributes of the run on the viewer's resource only", async () => {
    await run({}).ended;
    await Promise.all([viewer.settled(), other.settled()]);
    const own = (receiver: Receiver): string[] =>
      [...receiver.spans, ...receiver.logs, ...receiver.metrics].flatMap(({ resource }) =>
        Object.keys(resource.attributes).filter((name) => name.startsWith("telltale.")),
      );
    assert.deepEqual(new Set(own(viewer)), new Set(RUN_ATTRIBUTES));
    assert.deepEqual(own(other), []);
  });

  it("sends the spans to the viewer that the sampler drops for others, and counts the others' exactly", async () => {
    const port = await freePort();
    project.write("server.js", SERVER);
    const program = new Program({
      file: join(project.folder, "server.js"),
      flags: preload.import,
      cwd: project.folder,
      env: {
        ...telemetryEnv(other),
        TELLTALE_VIEWER: viewer.url,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        OTEL_TRACES_SAMPLER: "traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0",
      },
    });
    const appPort = await portOf(program);
    for (let at = 0; at < 10; at++) await (await fetch(`http://127.0.0.1:${appPort}/`)).text();
    await viewer.waitFor(({ spans }) => spans.length === 10 || undefined, "ten spans");
    await pollUntilTrue(async () => {
      const page = await (await adminPage(port, "/metrics")).text();
      const figure = (name: string): number =>
        page
          .split("\n")
          .filter((line) => line.startsWith(`telltale_telemetry_${name}_total{`))
          .filter((line) => line.includes('telltale_signal="spans"'))
          .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
      return figure("created") === 10 && figure("dropped") === 10 && figure("sent") === 0;
    }, "exact counters of the spans");
    program.kill("SIGTERM");
    await program.ended;
    await other.settled();
    assert.deepEqual(other.spans, []);
  });

  it("sends nothing of a process that only starts another one, and has no run of its own", async () => {
    project.write(
      "launcher.js",
      `import { spawn } from "node:child_process";
      spawn(process.execPath, ["self.js"], { stdio: "inherit" });`,
    );
    await new Program({
      file: join(project.folder, "launcher.js"),
      cwd: project.folder,
      env: {
        ...telemetryEnv(other),
        TELLTALE_VIEWER: viewer.url,
        NODE_OPTIONS: preload.import.join(" "),
      },
    }).ended;
    await viewer.settled();
    const runs = [...viewer.spans, ...viewer.logs, ...viewer.metrics].map(
      ({ resource }) => resource.attributes["telltale.run.id"],
    );
    assert.equal(new Set(runs).size, 1);
    assert.equal(viewer.spans.length, 40);
  });

  it("sends no secrets", async () => {
    await run({}).ended;
    await viewer.settled();
    const all = JSON.stringify([viewer.spans, viewer.logs, viewer.metrics]);
    assert.ok(!all.includes("s3cret"));
    assert.ok(all.includes("REDACTED"));
  });

  it("does not record its own requests to the viewer", async () => {
    await run({}).ended;
    await viewer.settled();
    const { port } = new URL(viewer.url);
    const all = JSON.stringify([viewer.spans, other.spans, viewer.metrics, other.metrics]);
    // Of other numbers, such as those of metrics, any may begin like the port.
    assert.doesNotMatch(all, new RegExp(`//[^/"]+:${port}\\b`), "no URL of the viewer");
    assert.ok(!all.includes(`"server.port":${port}`), "no attribute of the viewer");
  });

  it("exports to the viewer alone, if no exporter and no endpoint is configured", async () => {
    const {
      OTEL_EXPORTER_OTLP_ENDPOINT: _endpoint,
      SENTRY_DSN: _dsn,
      ...env
    } = telemetryEnv(other);
    const { stderr } = await new Program({
      file: join(project.folder, "self.js"),
      flags: preload.import,
      cwd: project.folder,
      env: { ...env, TELLTALE_VIEWER: viewer.url },
    }).ended;
    await viewer.settled();
    assert.equal(stderr, "");
    assert.equal(viewer.spans.length, 40);
  });

  it("runs as without a viewer if none answers, with one line", async () => {
    const port = await freePort();
    const { code, stderr } = await run({ TELLTALE_VIEWER: `http://localhost:${port}` }).ended;
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^(telltale: the viewer at http:\/\/localhost:\d+ does not answer; [^\n]*\n)?$/,
    );
    await other.settled();
    assert.equal(other.spans.length, 40);
  });

  it("ends in time if the viewer accepts requests and does not answer", async () => {
    viewer.setFaults({ kind: "hang" });
    const { code, exitTookMs } = await run({ TELLTALE_FLUSH_TIMEOUT: "3000" }).ended;
    assert.equal(code, 0);
    assert.ok(exitTookMs < 20_000, `${exitTookMs} ms`);
    await other.settled();
    assert.equal(other.spans.length, 40);
  });

  it("ignores it under NODE_ENV=production with one line, unless it is forced", async () => {
    const { stderr } = await run({ NODE_ENV: "production" }).ended;
    assert.match(stderr, /TELLTALE_VIEWER: received .*; using no viewer/);
    await Promise.all([viewer.settled(), other.settled()]);
    assert.deepEqual([viewer.spans.length, other.spans.length], [0, 40]);
    await run({ NODE_ENV: "production", TELLTALE_VIEWER_FORCE: "true" }).ended;
    await viewer.settled();
    assert.equal(viewer.spans.length, 40);
  });
});

const RUN_ATTRIBUTES = ["telltale.run.id", "telltale.run.start", "telltale.project.folder"];

/** Returns what spans have without their resource, in an order of their own. */
function withoutRun(spans: readonly ReceivedSpan[]): unknown[] {
  return spans
    .map(({ resource: _resource, scope: _scope, attributes, ...span }) => {
      const own = Object.entries(attributes).filter(([name]) => !VIEWER_ATTRIBUTES.test(name));
      return { ...span, attributes: Object.fromEntries(own) };
    })
    .toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** Attributes that only the viewer gets: places in the code, headers, parameters. */
const VIEWER_ATTRIBUTES = /^(code\.|http\.(request|response)\.header\.|db\.query\.parameter\.)/;
