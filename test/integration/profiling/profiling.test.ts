import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { nodes } from "../../nodes.ts";
import { decode } from "../../profiling/decoded-pprof.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const run = promisify(execFile);
const file = fileURLToPath(new URL("app.mjs", import.meta.url));
const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const TOKEN = "0123456789abcdef-token";
const authorization = `Bearer ${TOKEN}`;

type Variables = Readonly<Record<string, string>>;

interface App {
  readonly program: Program;
  readonly url: string;
  readonly appUrl: string;
  readonly env: Variables;
}

async function startApp(
  receiver: Receiver,
  env: Variables = {},
  options: { readonly node?: string; readonly file?: string } = {},
): Promise<App> {
  const port = String(await freePort());
  const own = { OTEL_EXPORTER_PROMETHEUS_PORT: port, TELLTALE_ADMIN_TOKEN: TOKEN };
  const program = new Program({
    file,
    flags: preload.import,
    env: {
      ...telemetryEnv(receiver),
      ...{ NODE_ENV: "production", TELLTALE_PROFILING: "on_demand" },
      ...own,
      ...env,
    },
    ...options,
  });
  const appPort = await program.waitForStdout((stdout) => /listening on (\d+)/.exec(stdout)?.[1]);
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> => fetch(`${url}/livez`).then(ok, () => false);
  await pollUntilTrue(isReady, "an admin server");
  return { program, url, appUrl: `http://127.0.0.1:${appPort}`, env: own };
}

function ok({ status }: Response): boolean {
  return status === 200;
}

function record({ url }: App, path: string, headers: Variables = { authorization }) {
  return fetch(`${url}/profile/${path}`, { method: "POST", headers });
}

async function isRecording({ url }: App): Promise<boolean> {
  const response = await fetch(`${url}/profile/cpu`, { headers: { authorization } });
  return ((await response.json()) as { readonly isRecording: boolean }).isRecording;
}

/** Requests the app one after the other until the work has ended. */
async function underLoad<Result>({ appUrl }: App, work: Promise<Result>): Promise<Result> {
  const load = new AbortController();
  const ended = work.finally(() => load.abort());
  do await (await fetch(appUrl)).text();
  while (!load.signal.aborted);
  return ended;
}

describe("A profile of an app in production, on demand", () => {
  let receiver: Receiver;
  let app: App;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    app = await startApp(receiver);
    folder = mkdtempSync(join(tmpdir(), "telltale-profiling-"));
  });
  after(async () => {
    await Program.killAll();
    await receiver.close();
    rmSync(folder, { recursive: true });
  });

  for (const { name, path } of nodes) {
    it(`has the app's hot function, with the ids of exported spans, on Node ${name}`, async () => {
      const own = await startApp(receiver, {}, { node: path });
      const response = await underLoad(own, record(own, "cpu?seconds=1"));
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/octet-stream");
      const { types, samples } = decode(new Uint8Array(await response.arrayBuffer()));
      assert.deepEqual(types, ["samples", "cpu"]);
      const hot = samples.filter(({ stack }) => stack[0] === "priceOfCart");
      assert.ok(hot.length > 0, JSON.stringify(samples.map(({ stack }) => stack[0])));
      assert.equal(hot[0]!.file, file);
      const labelled = hot.find(({ labels }) => labels["trace_id"] !== undefined)!.labels;
      assert.equal(labelled["span_name"], "GET");
      const span = await receiver.waitFor(
        ({ spans }) => spans.find(({ spanId }) => spanId === labelled["span_id"]),
        "the span of the label",
      );
      assert.equal(span.traceId, labelled["trace_id"]);
      own.program.kill("SIGTERM");
      await own.program.ended;
    });
  }

  it("has the places of the original source, by the source map of a build", async () => {
    const built = join(folder, "build", "app.mjs");
    await build({
      entryPoints: [file],
      outfile: built,
      sourcemap: true,
      minifyWhitespace: true,
      format: "esm",
    });
    const own = await startApp(receiver, {}, { file: built });
    const response = await underLoad(own, record(own, "cpu?seconds=0.5"));
    const { samples } = decode(new Uint8Array(await response.arrayBuffer()));
    const files = samples.filter(({ stack }) => stack[0] === "priceOfCart").map((one) => one.file);
    assert.deepEqual([...new Set(files)], [file]);
    own.program.kill("SIGTERM");
    await own.program.ended;
  });

  it("is one of what was allocated, or of what is in use", async () => {
    for (const type of ["alloc_space", "inuse_space"]) {
      const response = await underLoad(app, record(app, `heap?seconds=0.5&type=${type}`));
      const { types, samples } = decode(new Uint8Array(await response.arrayBuffer()));
      assert.deepEqual(types, [type]);
      assert.ok(
        samples.some(({ stack, value }) => stack.includes("loadCatalogue") && value > 0),
        type,
      );
    }
  });

  it("has the format of V8 if JSON is accepted", async () => {
    const accept = "application/json";
    const response = await underLoad(
      app,
      record(app, "cpu?seconds=0.2", { authorization, accept }),
    );
    const { nodes: found } = (await response.json()) as {
      readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
    };
    assert.ok(found.some(({ callFrame }) => callFrame.functionName === "priceOfCart"));
  });

  it("is refused without the token, and for what is no profile", async () => {
    const statuses = async (path: string, init: RequestInit): Promise<number> =>
      (await fetch(`${app.url}${path}`, init)).status;
    const headers = { authorization };
    assert.equal(await statuses("/profile/cpu", { method: "POST" }), 401);
    const wrong = { authorization: `Bearer ${TOKEN}x` };
    assert.equal(await statuses("/profile/cpu", { method: "POST", headers: wrong }), 401);
    assert.equal(await statuses("/profile/cpu", {}), 401);
    assert.equal(await statuses("/profile/cpu", { method: "PUT", headers }), 405);
    for (const query of ["seconds=61", "seconds=0", "seconds=a", "format=x", "type=inuse_space"])
      assert.equal(
        await statuses(`/profile/cpu?${query}`, { method: "POST", headers }),
        400,
        query,
      );
    assert.equal(await statuses("/profile/all", { method: "POST", headers }), 404);
  });

  it("is the only one at a time, and ends with its client", async () => {
    const client = request(`${app.url}/profile/cpu?seconds=60`, {
      method: "POST",
      headers: { authorization },
    });
    client.on("error", () => {});
    client.end();
    await pollUntilTrue(() => isRecording(app), "a profile in progress");
    assert.equal((await record(app, "heap?seconds=0.01")).status, 409);
    client.destroy();
    await pollUntilTrue(async () => !(await isRecording(app)), "the end of the profile");
    assert.equal((await record(app, "heap?seconds=0.01")).status, 200);
  });

  it("is written to a file by the command, with the functions that took most", async () => {
    const args = ["profile", "cpu", "--seconds", "0.5"];
    const command = new Program({ file: cli, args, env: app.env, cwd: folder });
    const { code, stdout, stderr } = await underLoad(app, command.ended);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /priceOfCart {2}.*app\.mjs:4\n/);
    const [name] = readdirSync(folder).filter((one) => one !== "build");
    assert.match(name!, /^cpu-\d{8}T\d{6}Z\.pb\.gz$/);
    assert.ok(stdout.startsWith(`${join(folder, name!)}\n`));
    const top = await run("go", ["tool", "pprof", "-top", join(folder, name!)]);
    assert.match(top.stdout, /priceOfCart$/m);
    const tags = await run("go", ["tool", "pprof", "-tags", join(folder, name!)]);
    assert.match(tags.stdout, /trace_id: Total/);
  });

  it("has the format of V8 in a file of that name", async () => {
    const output = join(folder, "heap.heapprofile");
    const args = ["profile", "heap", "--seconds", "0.2", "--output", output, "--json"];
    const { code, stdout } = await underLoad(
      app,
      new Program({ file: cli, args, env: app.env }).ended,
    );
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { status: "recorded", file: output });
    assert.ok("head" in (JSON.parse(readFileSync(output, "utf8")) as object));
  });

  it("is not recorded by an app that has not opted in, which the command reports", async () => {
    const other = await startApp(receiver, { TELLTALE_PROFILING: "" });
    assert.equal((await record(other, "cpu?seconds=1")).status, 404);
    const args = ["profile", "--url", other.url];
    const { code, stderr } = await new Program({ file: cli, args, env: other.env }).ended;
    assert.equal(code, 1);
    assert.match(stderr, /set TELLTALE_PROFILING=on_demand/);
    assert.doesNotMatch(stderr, new RegExp(TOKEN));
    other.program.kill("SIGTERM");
    await other.program.ended;
  });

  it("is refused after the 20th within an hour", async () => {
    const own = await startApp(receiver);
    for (let count = 0; count < 20; count++)
      assert.equal((await record(own, "heap?seconds=0.001&format=v8")).status, 200);
    const { status, headers } = await record(own, "heap?seconds=0.001");
    assert.equal(status, 429);
    assert.ok(Number(headers.get("retry-after")) > 3_000);
    own.program.kill("SIGTERM");
    await own.program.ended;
  });

  it("does not delay the end of the process", async () => {
    const own = await startApp(receiver);
    const response = record(own, "cpu?seconds=60").catch(() => undefined);
    await pollUntilTrue(() => isRecording(own), "a profile in progress");
    own.program.kill("SIGTERM");
    const { signal } = await own.program.ended;
    assert.equal(signal, "SIGTERM");
    await response;
  });
});
