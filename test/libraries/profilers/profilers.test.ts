import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramOptions, telemetryEnv } from "../../integration/program.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { node as newest, nodes } from "../../nodes.ts";
import { decode, type DecodedProfile, type DecodedSample } from "../../profiling/decoded-pprof.ts";
import { goOrSkip } from "../../programs.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { type ProfileServer, startProfileServer } from "./profile-server.ts";

const run = promisify(execFile);
const apps = fileURLToPath(new URL("apps/", import.meta.url));
/** An app without the package. */
const otherApp = fileURLToPath(new URL("../../integration/profiling/app.mjs", import.meta.url));
const HAS_STARTED = "continuous profiles have started";

type Variables = Readonly<Record<string, string>>;

describe("Continuous profiles", () => {
  let receiver: Receiver;
  let server: ProfileServer;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    server = await startProfileServer();
  });
  beforeEach(() => {
    server.reset();
    folder = mkdtempSync(join(tmpdir(), "telltale-profiles-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  after(async () => {
    await Program.killAll();
    await receiver.close();
    await server.close();
  });

  function start(env: Variables, options: Partial<ProgramOptions> = {}): Program {
    return new Program({
      file: join(apps, "shop.mjs"),
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        ...{ OTEL_LOG_LEVEL: "debug", TELLTALE_PROFILING: "continuous" },
        ...env,
      },
      ...options,
    });
  }

  /** Starts the app; resolves when it is profiled. */
  async function startApp(env: Variables, options: Partial<ProgramOptions> = {}) {
    const program = start(env, options);
    const port = await program.waitForStdout((text) => /listening on (\d+)\n/.exec(text)?.[1]);
    await pollUntilTrue(
      () => program.stderr.includes(HAS_STARTED),
      () => program.describe(),
    );
    const get = async (path: string): Promise<void> => {
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    };
    return { program, get };
  }

  function filesOf(kind: "cpu" | "heap", path = folder): string[] {
    const names = readdirSync(path).filter((name) => name.endsWith(`-${kind}.pb.gz`));
    return names.map((name) => join(path, name));
  }

  /** Returns all profiles: there is more than the last one if the first period, of a random length, is over. */
  function readCpu(): readonly DecodedProfile[] {
    const files = filesOf("cpu");
    assert.ok(files.length > 0);
    return files.map((file) => decode(readFileSync(file)));
  }

  async function end(program: Program) {
    program.kill("SIGTERM");
    return program.ended;
  }

  /** Returns the ids of the server span of each request, by its function. */
  async function spansByWork(): Promise<Record<string, string>> {
    const find = ({ spans }: Pick<Receiver, "spans">): Record<string, string> | undefined => {
      const entries = spans.flatMap(({ attributes, traceId, spanId }) => {
        const path = attributes["url.path"];
        return typeof path === "string" ? [[path.slice(1), `${traceId} ${spanId}`] as const] : [];
      });
      const found: Record<string, string> = Object.fromEntries(entries);
      return "red" in found && "blue" in found ? found : undefined;
    };
    return receiver.waitFor(find, "the spans of both requests");
  }

  for (const { name, path } of nodes.filter(({ name: version }) => version !== "22.15")) {
    it(`have the ids of each of two concurrent requests, and none for other code, on Node ${name}`, async () => {
      receiver.clear();
      const { program, get } = await startApp(
        { TELLTALE_PROFILING_EXPORT: folder },
        { node: path },
      );
      await Promise.all([get("/red?together=2"), get("/blue?together=2")]);
      const { signal } = await end(program);
      assert.equal(signal, "SIGTERM");
      const profiles = readCpu();
      for (const { types, comments } of profiles) {
        assert.deepEqual(types, ["sample", "wall", "cpu"]);
        assert.deepEqual(comments, [`warehouse, process ${program.pid}`]);
      }
      const samples = profiles.flatMap((profile) => profile.samples);
      const spans = await spansByWork();
      assert.deepEqual(idsOf(samples, "red"), [spans["red"]]);
      assert.deepEqual(idsOf(samples, "blue"), [spans["blue"]]);
      assert.deepEqual(idsOf(samples, "background"), []);
      const red = samples.find((sample) => sample.stack.includes("red"))!;
      assert.equal(red.labels["span_name"], "GET");
    });
  }

  it("have the ids of work that is alone in flight, on Node 22.15", async () => {
    receiver.clear();
    const node = nodes.find(({ name }) => name === "22.15")!.path;
    const { program, get } = await startApp({ TELLTALE_PROFILING_EXPORT: folder }, { node });
    await get("/red");
    await get("/blue");
    await end(program);
    const samples = readCpu().flatMap((profile) => profile.samples);
    const spans = await spansByWork();
    assert.deepEqual(idsOf(samples, "red"), [spans["red"]]);
    assert.deepEqual(idsOf(samples, "blue"), [spans["blue"]]);
    assert.match(
      program.stderr,
      /samples have labels only while a single unit of work is in flight/,
    );
  });

  it("are files of a folder, which go tool pprof reads, one of the heap among them", async function () {
    goOrSkip(this);
    const path = join(folder, "new", "profiles");
    const { program, get } = await startApp({ TELLTALE_PROFILING_EXPORT: `file://${path}` });
    await get("/red");
    await end(program);
    for (const file of readdirSync(path))
      assert.match(
        file,
        new RegExp(`^\\d{8}T\\d{9}Z-warehouse-${program.pid}-(cpu|heap)\\.pb\\.gz$`),
      );
    const top = await run("go", ["tool", "pprof", "-top", "-cum", ...filesOf("cpu", path)]);
    assert.match(top.stdout, /^Type: cpu$/m);
    assert.match(top.stdout, / red$/m);
    const heap = await run("go", ["tool", "pprof", "-top", ...filesOf("heap", path)]);
    assert.match(heap.stdout, /^Type: inuse_space$/m);
  });

  it("are recorded one after the other, and each is counted", async () => {
    const program = new Program({ file: join(apps, "periods.ts"), args: [folder] });
    await pollUntilTrue(
      () => filesOf("heap").length > 2,
      () => program.describe(),
    );
    const { stdout } = await end(program);
    const { created, sent, ...others } = JSON.parse(stdout) as Readonly<Record<string, number>>;
    assert.equal(created, sent);
    assert.deepEqual(others, { droppedTotal: 0, queued: 0 });
    assert.equal(filesOf("cpu").length + filesOf("heap").length, sent);
    // A period may be shorter than the time between two samples.
    const samples = readCpu().flatMap((profile) => profile.samples);
    assert.ok(samples.some(({ stack }) => stack.includes("priceOfCart")));
  });

  it("are ingested by Pyroscope, by service and labels, and linked to by the span", async () => {
    receiver.clear();
    const { program, get } = await startApp({
      TELLTALE_PROFILING_EXPORT: server.url.replace("http://", "pyroscope+http://anna:s3cret@"),
      TELLTALE_PROFILING_EXPORT_HEADERS: "X-Scope-OrgID=tenant-1",
      OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.3,deployment.environment.name=eu%2Cwest",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
    });
    await get("/red");
    await end(program);
    const paths = server.requests.map(({ path }) => path);
    assert.deepEqual(new Set(paths), new Set(["/ingest"]));
    // Both kinds are sent at once, and those of the first period at a random time.
    const cpu = server.requests.filter(({ query }) => "sampleRate" in query);
    const heap = server.requests.filter(({ query }) => !("sampleRate" in query));
    assert.ok(cpu.length > 0);
    assert.equal(heap.length, cpu.length);
    for (const { query, headers } of cpu) {
      const { name, from, until, spyName, sampleRate } = query;
      assert.equal(name, "warehouse{service_version=1.2.3,deployment_environment_name=eu_west}");
      assert.deepEqual([spyName, sampleRate], ["nodespy", "100"]);
      assert.ok(Number(until) > Number(from) && Math.abs(Date.now() / 1000 - Number(until)) < 600);
      assert.equal(headers["authorization"], `Basic ${btoa("anna:s3cret")}`);
      assert.equal(headers["x-scope-orgid"], "tenant-1");
    }
    const profiles = await Promise.all(cpu.map((request) => request.profile()));
    const samples = profiles.flatMap((profile) => decode(profile).samples);
    const [span] = await receiver.waitFor(
      ({ spans }) => (spans.length > 0 ? spans : undefined),
      "a span",
    );
    assert.equal(span!.attributes["pyroscope.profile.id"], span!.spanId);
    const red = samples.find(({ stack }) => stack.includes("red"))!;
    // A label that is no span's would be that of a series.
    assert.deepEqual(red.labels, { span_id: span!.spanId, span_name: "GET" });
    assert.deepEqual(decode(await heap[0]!.profile()).types, ["inuse_objects", "inuse_space"]);
    assert.doesNotMatch(program.stderr, /s3cret/);
  });

  it("are posted as files to any other address", async () => {
    const { program, get } = await startApp({
      TELLTALE_PROFILING_EXPORT: `${server.url}/profiles?team=1`,
      TELLTALE_PROFILING_EXPORT_HEADERS: "Authorization=Bearer%20abc",
    });
    await get("/red");
    await end(program);
    for (const { path, query, headers } of server.requests) {
      assert.deepEqual([path, query], ["/profiles", { team: "1" }]);
      assert.equal(headers["authorization"], "Bearer abc");
    }
    const cpu = server.requests.filter(({ headers }) =>
      /filename="\d{8}T.*-cpu\.pb\.gz"/.test(String(headers["content-disposition"])),
    );
    const samples = cpu.flatMap(({ body }) => decode(body).samples);
    assert.ok(samples.some(({ labels }) => "trace_id" in labels));
  });

  it("leave those on demand possible", async () => {
    const [port, token] = [await freePort(), "0123456789abcdef-token"];
    const { program, get } = await startApp({
      TELLTALE_PROFILING: "continuous,on_demand",
      TELLTALE_PROFILING_EXPORT: folder,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      TELLTALE_ADMIN_TOKEN: token,
    });
    await (await adminPage(port, "/healthz")).arrayBuffer();
    for (const kind of ["cpu", "heap"]) {
      const recorded = fetch(`http://127.0.0.1:${port}/profile/${kind}?seconds=0.3`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      });
      await get("/blue");
      const response = await recorded;
      assert.equal(response.status, 200, await response.clone().text());
      await response.arrayBuffer();
    }
    await get("/red");
    await end(program);
    const samples = readCpu().flatMap((profile) => profile.samples);
    assert.ok(samples.some(({ stack }) => stack.includes("red")));
    const last = filesOf("cpu").at(-1)!;
    assert.ok(filesOf("heap").includes(last.replace("-cpu.", "-heap.")));
  });

  it("are those of each process of a cluster", async () => {
    const program = start(
      { TELLTALE_PROFILING_EXPORT: folder },
      { file: join(apps, "cluster.mjs") },
    );
    const hasStarted = (): boolean => program.stderr.split(HAS_STARTED).length - 1 === 3;
    await pollUntilTrue(hasStarted, () => program.describe());
    program.kill("SIGTERM");
    const workers = (): Set<string | undefined> =>
      new Set(
        filesOf("cpu")
          .map((file) => /-(\d+)-cpu\./.exec(file)?.[1])
          .filter((pid) => pid !== String(program.pid)),
      );
    await pollUntilTrue(
      () => workers().size === 2,
      () => program.describe(),
    );
    program.kill("SIGKILL");
    await program.ended;
  });

  it("are not lost to an endpoint that hangs without a line, nor delay the end beyond the limit", async () => {
    server.hangs = true;
    const { program } = await startApp({
      TELLTALE_PROFILING_EXPORT: server.url,
      TELLTALE_FLUSH_TIMEOUT: "500",
    });
    const { signal, stderr } = await end(program);
    assert.equal(signal, "SIGTERM");
    assert.match(
      stderr,
      /cannot send profiles to http:\/\/127\.0\.0\.1:\d+: no answer within the 500 ms left at the end \(dropped and counted until it works\)/,
    );
  });

  it("are counted as dropped if their folder can't be written, with one line", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    const { program } = await startApp({ TELLTALE_PROFILING_EXPORT: path });
    const { signal, stderr } = await end(program);
    assert.equal(signal, "SIGTERM");
    assert.equal(stderr.split("cannot write profiles to").length, 2, stderr);
    assert.match(stderr, /: it is no folder \(E\w+\) \(dropped and counted until it works\)/);
  });

  const UNUSABLE: readonly {
    readonly title: string;
    readonly options: Partial<ProgramOptions>;
    readonly line: RegExp;
  }[] = [
    {
      title: "an app without the package",
      options: { file: otherApp },
      line: /the app has no package @datadog\/pprof; install it with npm install @datadog\/pprof/,
    },
    {
      title: "an app that profiles itself already",
      options: { file: join(apps, "own-profiler.mjs") },
      line: /the app already records profiles with @datadog\/pprof, as dd-trace does; use one of the two/,
    },
    {
      title: "a process that may not load native modules",
      options: { flags: ["--permission", "--allow-fs-read=*", "--allow-net", ...preload.import] },
      line: /@datadog\/pprof 5\.20\.0 can't be loaded: .*ERR_DLOPEN_DISABLED.*; start Node with --allow-addons/,
    },
  ];
  it("are not those of an app that can't be profiled, which runs on, with one line", async () => {
    const check = async ({ title, options, line }: (typeof UNUSABLE)[number]): Promise<void> => {
      const program = start({ TELLTALE_PROFILING_EXPORT: folder }, options);
      const found = await pollUntil(
        async () => /there are no continuous profiles: (.*)\n/.exec(program.stderr)?.[1],
        () => `${title}: ${program.describe()}`,
      );
      assert.match(found, line, title);
      assert.equal((await end(program)).signal, "SIGTERM", title);
    };
    await Promise.all(UNUSABLE.map(check));
    assert.deepEqual(readdirSync(folder), []);
  });

  it("end when the app starts the profiler itself, which works then", async () => {
    const program = start(
      { TELLTALE_PROFILING_EXPORT: folder },
      { file: join(apps, "own-profiler.mjs"), args: ["late"] },
    );
    await pollUntilTrue(
      () => program.stderr.includes(HAS_STARTED),
      () => program.describe(),
    );
    // Else the signal ends it.
    await program.waitForStdout((text) => text.includes("ready\n") || undefined);
    program.kill("SIGUSR2");
    await program.waitForStdout((text) => text.includes("started: true") || undefined);
    const line = "continuous profiles have ended: the app uses @datadog/pprof itself";
    await pollUntilTrue(
      () => program.stderr.includes(line),
      () => program.describe(),
    );
    await end(program);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("count in /healthz and /metrics", async () => {
    const port = await freePort();
    const { program } = await startApp(
      { TELLTALE_PROFILING_EXPORT: folder, OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
      { node: newest },
    );
    const page = await (await adminPage(port, "/metrics")).text();
    assert.match(page, /^telltale_telemetry_created_total\{.*"profiles".*\} 0$/m);
    const health = (await (await adminPage(port, "/healthz")).json()) as {
      readonly checks: Readonly<Record<string, unknown>>;
    };
    assert.ok("export_profiles" in health.checks, JSON.stringify(health.checks));
    await end(program);
  });
});

/** Returns the ids of the samples with a function, without duplicates. */
function idsOf(samples: readonly DecodedSample[], name: string): string[] {
  const found = samples.filter(({ stack }) => stack.includes(name));
  assert.ok(found.length > 0, `no sample of ${name}`);
  const ids = found.flatMap(({ labels }) =>
    "trace_id" in labels ? [`${labels["trace_id"]} ${labels["span_id"]}`] : [],
  );
  return [...new Set(ids)];
}
