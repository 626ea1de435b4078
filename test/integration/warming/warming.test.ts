import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReceivedLog, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import {
  preload,
  Program,
  type ProgramOptions,
  type ProgramResult,
  telemetryEnv,
} from "../program.ts";

const file = fileURLToPath(new URL("apps/replica.mjs", import.meta.url));
const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const TOKEN = "0123456789abcdef-token";
const SECRET = "swordfish-12345";

type Variables = Readonly<Record<string, string>>;

const TRIGGER = "telltale.cache.warming.trigger";

/** A replica of an app with the admin server. */
interface Replica {
  readonly name: string;
  readonly program: Program;
  readonly url: string;
  readonly appUrl: string;
  /** Variables of commands for it. */
  readonly env: Variables;
}

async function startReplica(receiver: Receiver, name: string, env: Variables): Promise<Replica> {
  const port = String(await freePort());
  const own = { OTEL_EXPORTER_PROMETHEUS_PORT: port, TELLTALE_ADMIN_TOKEN: TOKEN };
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${name}` };
  const program = new Program({
    file,
    flags: preload.import,
    env: { ...telemetryEnv(receiver), ...own, ...attributes, ...env },
  });
  const appPort = await program.waitForStdout((stdout) => /listening on (\d+)/.exec(stdout)?.[1]);
  const url = `http://127.0.0.1:${port}`;
  await pollUntilTrue(async () => (await statusOf(`${url}/livez`)) === 200, "an admin server");
  return { name, program, url, appUrl: `http://127.0.0.1:${appPort}`, env: own };
}

/** Returns undefined without a response. */
async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url).then(
    ({ status }) => status,
    () => undefined,
  );
}

function warm(args: readonly string[], env: Variables): Promise<ProgramResult> {
  return new Program({ file: cli, args: ["warm", ...args], env }).ended;
}

interface Answer {
  readonly status: string;
  readonly problems?: readonly string[];
  readonly servers: readonly {
    readonly url: string;
    readonly pid?: number;
    readonly problem?: string;
    readonly runs?: readonly Run[];
    readonly warmers?: readonly { readonly name: string; readonly lastRun?: Run }[];
  }[];
}

interface Run {
  readonly pid: number;
  readonly warmer: string;
  readonly trigger: string;
  readonly status: string;
  readonly durationMs: number;
  readonly reason?: string;
  readonly traceId: string;
  readonly caches: readonly {
    readonly name: string;
    readonly before: { readonly hits: number; readonly misses: number };
    readonly after: { readonly hits: number; readonly misses: number };
  }[];
}

function answerOf({ stdout, stderr }: ProgramResult): Answer {
  try {
    return JSON.parse(stdout) as Answer;
  } catch {
    throw new Error(`no answer: ${stdout}\n${stderr}`);
  }
}

describe("Cache warmers of two replicas, one of them failing and one hanging", () => {
  let receiver: Receiver;
  let replicas: readonly Replica[];

  before(async () => {
    receiver = await startReceiver();
    const env = { WARMERS: "products,prices,hanging,slow,manual" };
    replicas = await Promise.all([
      startReplica(receiver, "one", env),
      startReplica(receiver, "two", env),
    ]);
  });
  after(async () => {
    await Program.killAll();
    await receiver.close();
  });

  const spanOf = (replica: Replica, name: string, trigger: string): Promise<ReceivedSpan> =>
    receiver.waitFor(
      ({ spans }) =>
        spans.find(
          (span) =>
            span.name === name &&
            span.attributes[TRIGGER] === trigger &&
            span.resource.attributes["service.instance.id"] === replica.name,
        ),
      `${name} of ${replica.name} by ${trigger}`,
    );

  const recordOf = ({ traceId }: { readonly traceId: string }): Promise<ReceivedLog> =>
    receiver.waitFor(({ logs }) => logs.find((log) => log.traceId === traceId), "a record");

  for (const trigger of ["start", "schedule"]) {
    it(`run by ${trigger} on both, each as a trace with a record`, async () => {
      for (const replica of replicas) {
        const done = await spanOf(replica, "warm products", trigger);
        assert.equal(done.status.code, "UNSET");
        assert.equal(done.parentSpanId, "");
        assert.equal(done.attributes["telltale.cache.misses"] !== undefined, true);
        assert.equal(done.attributes["telltale.cache.warming.status"], "succeeded");
        const record = await recordOf(done);
        assert.deepEqual(
          [record.severityText, record.body, record.eventName, record.scope.name],
          ["info", "cache warming succeeded", "telltale.cache.warming", "telltale/cache"],
        );
        assert.equal(record.attributes["telltale.cache.warming.trigger"], trigger);

        const failed = await spanOf(replica, "warm prices", trigger);
        assert.equal(failed.status.code, "ERROR");
        assert.equal(failed.attributes["error.type"], "TypeError");
        const failure = await recordOf(failed);
        assert.deepEqual(
          [failure.severityText, failure.body, failure.attributes["error.type"]],
          ["error", "cache warming failed", "TypeError"],
        );
        assert.match(
          JSON.stringify(failure.attributes["exception.message"]),
          /^"no answer of redis:/,
        );
      }
    });
  }

  it("end at their time limit if they hang", async () => {
    for (const replica of replicas) {
      const hanging = await spanOf(replica, "warm hanging", "start");
      assert.deepEqual(
        [hanging.status.code, hanging.attributes["error.type"]],
        ["ERROR", "TimeoutError"],
      );
    }
  });

  it("delay neither the start, nor readiness, nor requests", async () => {
    for (const { program, url, appUrl } of replicas) {
      assert.match(program.stdout, /^registered\n/);
      // The slow one has not ended yet.
      assert.equal(await statusOf(`${url}/readyz`), 200);
      assert.equal(await statusOf(appUrl), 200);
    }
  });

  it("report their errors, and are measured as jobs", async () => {
    const event = await receiver.waitFor(({ events }) =>
      events.find(({ transaction }) => transaction === "warm prices"),
    );
    assert.equal(event.exception?.values?.[0]?.type, "TypeError");
    for (const { url } of replicas) {
      const page = await pollUntil(async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        return /telltale_job_name="warm hanging"/.test(text) ? text : undefined;
      }, "a metric of the hanging warmer");
      const counts = page
        .split("\n")
        .filter((line) => line.startsWith("telltale_job_duration_seconds_count{"));
      const labels = ["products", "prices", "hanging"].map((name) =>
        counts.find((line) => line.includes(`telltale_job_name="warm ${name}"`)),
      );
      assert.doesNotMatch(String(labels[0]), /error_type/);
      assert.match(String(labels[1]), /error_type="TypeError"/);
      assert.match(String(labels[2]), /error_type="TimeoutError"/);
      assert.match(page, /telltale_job_last_success_seconds\{[^}]*"warm products"/);
    }
  });

  it("run by hand on both, with parameters", async () => {
    const urls = replicas.flatMap(({ url }) => ["--url", url]);
    const args = ["products", "manual", "--param", "id=7", "--param", "user=a=b", ...urls];
    const result = await warm([...args, "--json"], { TELLTALE_ADMIN_TOKEN: TOKEN });
    const { status, servers } = answerOf(result);
    assert.deepEqual([result.code, result.stderr, status], [0, "", "succeeded"]);
    assert.equal(servers.length, 2);
    for (const [index, { runs = [] }] of servers.entries()) {
      const replica = replicas[index] as Replica;
      assert.deepEqual(
        runs.map((run) => [run.warmer, run.trigger, run.status]),
        [
          ["products", "command", "succeeded"],
          ["manual", "command", "succeeded"],
        ],
      );
      const [products] = runs;
      const cache = products?.caches.find(({ name }) => name === "products");
      assert.ok((cache?.after.hits ?? 0) > (cache?.before.hits ?? 0), JSON.stringify(cache));
      const span = await spanOf(replica, "warm products", "command");
      assert.equal(span.traceId, products?.traceId);
      assert.deepEqual(
        [span.attributes["telltale.cache.hits"], span.attributes["telltale.cache.misses"]],
        [1, 1],
      );
      await recordOf(span);
      assert.match(replica.program.stdout, /warming manual: \{"id":"7","user":"a=b"\}/);
      assert.match(replica.program.stdout, /warming products: command \{"id":"7"/);
      assert.equal(await (await fetch(replica.appUrl)).text(), "2");
    }
  });

  it("end the command with 1 if one fails, without secrets", async () => {
    const [{ env, program }] = replicas as [Replica];
    const result = await warm(["products", "prices"], env);
    assert.deepEqual([result.code, result.stderr], [1, ""]);
    assert.match(result.stdout, /^products: succeeded in \d+ ms \(trace [0-9a-f]{32}\)$/m);
    assert.match(result.stdout, /^prices: failed in \d+ ms: no answer of redis:.*\(trace/m);
    assert.match(result.stdout, /^cache products: \d+ hits, \d+ misses .* before; \d+ hits/m);
    assert.match(program.stderr, /the cache warmer prices failed: no answer of redis:/);
    const texts = [result.stdout, program.stderr, JSON.stringify(receiver.logs)];
    for (const text of texts) assert.ok(!text.includes(SECRET) && !text.includes(TOKEN), text);
  });

  it("run once at a time, and are listed with their last runs", async () => {
    const [{ env, appUrl }] = replicas as [Replica];
    const busy = await warm(["slow", "--json"], env);
    assert.equal(busy.code, 1);
    const [run] = answerOf(busy).servers[0]?.runs ?? [];
    assert.deepEqual([run?.status, run?.reason], ["skipped", "another run is in progress"]);
    await fetch(`${appUrl}/open`);
    await pollUntilTrue(async () => (await warm(["slow"], env)).code === 0, "a free warmer");
    const list = await warm(["--list", "--json"], env);
    const warmers = answerOf(list).servers[0]?.warmers ?? [];
    assert.equal(list.code, 0);
    assert.deepEqual(
      warmers.map(({ name }) => name),
      ["products", "prices", "hanging", "slow", "manual"],
    );
    const slow = warmers.find(({ name }) => name === "slow");
    assert.deepEqual([slow?.lastRun?.status, slow?.lastRun?.trigger], ["succeeded", "command"]);
    const text = await warm(["--list"], env);
    assert.match(
      text.stdout,
      /^slow: at start, by hand; last run at \S+ \(command\) succeeded in/m,
    );
    assert.match(text.stdout, /^products: at start, every 1 s, by hand; last run/m);
    assert.match(text.stdout, /^cache products: \d+ hits, \d+ misses/m);
  });

  const refusals: readonly {
    readonly title: string;
    readonly args: readonly string[];
    readonly env?: Variables;
    readonly code: 1 | 2;
    readonly message: RegExp;
  }[] = [
    {
      title: "without a token",
      args: [],
      env: { TELLTALE_ADMIN_TOKEN: "" },
      code: 2,
      message:
        /^telltale: TELLTALE_ADMIN_TOKEN is not set .*: set it to the same token for the app/,
    },
    {
      title: "with a token that is too short",
      args: [],
      env: { TELLTALE_ADMIN_TOKEN: "swordfish" },
      code: 2,
      message: /^telltale: TELLTALE_ADMIN_TOKEN is not set to a text of at least 16 characters/,
    },
    {
      title: "with another token",
      args: [],
      env: { TELLTALE_ADMIN_TOKEN: "another-token-of-16-characters" },
      code: 2,
      message: /the app has another TELLTALE_ADMIN_TOKEN: set it to the same token for both/,
    },
    {
      title: "with the name of no warmer",
      args: ["product"],
      code: 2,
      message: /no cache warmer product, did you mean products\?; registered: products, prices/,
    },
    {
      title: "with a parameter without a name",
      args: ["--param", "user", "--param", "=1"],
      code: 2,
      message: /^telltale: --param: expected KEY=VALUE such as user=123\n/,
    },
    {
      title: "with a parameter twice",
      args: ["--param", "user=1", "--param", "user=2"],
      code: 2,
      message: /--param: received "user" twice, expected each key once/,
    },
    {
      title: "with too many parameters",
      args: Array.from({ length: 51 }, (_, index) => `--param=a${index}=1`),
      code: 2,
      message: /51 parameters, expected at most 50/,
    },
    {
      title: "with an unknown option",
      args: ["--parm", "user=1"],
      code: 2,
      message: /option --parm is not known, did you mean --param\?/,
    },
    {
      title: "with an address that is none",
      args: ["--url", "localhost:9464"],
      code: 2,
      message: /--url: expected an address such as http:\/\/10\.0\.0\.7:9464/,
    },
  ];
  for (const { title, args, env, code, message } of refusals) {
    it(`are not run ${title}`, async () => {
      const [replica] = replicas as [Replica];
      const result = await warm(args, { ...replica.env, ...env });
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, message);
      assert.doesNotMatch(result.stderr, /another-token|0123456789abcdef|swordfish/);
      assert.equal(result.stdout, "");
    });
  }

  it("are not run by requests without the token", async () => {
    const [{ url }] = replicas as [Replica];
    for (const method of ["GET", "POST"]) {
      assert.equal((await fetch(`${url}/warm`, { method })).status, 401);
    }
  });
});

describe("Cache warmers of a cluster", () => {
  let receiver: Receiver;
  let folder: string;
  let program: Program;
  let env: Variables;
  /** The workers by their number, less one. */
  let pids: readonly number[];

  beforeEach(async () => {
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), "telltale-warming-"));
  });

  async function start(options: Pick<ProgramOptions, "flags" | "env">): Promise<void> {
    const port = String(await freePort());
    env = { OTEL_EXPORTER_PROMETHEUS_PORT: port, TELLTALE_ADMIN_TOKEN: TOKEN };
    program = new Program({
      file: fileURLToPath(new URL("apps/cluster.mjs", import.meta.url)),
      ...options,
      env: { ...telemetryEnv(receiver), ...env, ...options.env },
    });
    pids = await program.waitForStdout((stdout) => {
      const found = [...stdout.matchAll(/worker (\d) is (\d+)\n/g)];
      const sorted = found.toSorted(([, a], [, b]) => Number(a) - Number(b));
      return found.length === 3 ? sorted.map(([, , pid]) => Number(pid)) : undefined;
    });
    await allListed();
  }

  const allListed = (): Promise<void> =>
    pollUntilTrue(async () => {
      const { stdout } = await warm(["--list"], env);
      return pids.every((pid) => stdout.includes(`process ${pid}: products: by hand`));
    }, "all workers");

  afterEach(async () => {
    await rm(folder, { recursive: true });
    program.kill("SIGTERM");
    await program.ended;
    await receiver.close();
  });

  it("run by hand in each process, whose results are listed", async () => {
    await start({ flags: preload.import });
    await warmAll();
  });

  it("run by hand in each process after the one with the port has ended", async () => {
    await start({ env: { WORKER_OPTIONS: preload.import.join("=") } });
    const { servers } = answerOf(await warm(["--list", "--json"], env));
    const owner = servers[0]?.pid ?? 0;
    pids = pids.filter((pid) => pid !== owner);
    process.kill(owner, "SIGKILL");
    await allListed();
    await warmAll();
  });

  async function warmAll(): Promise<void> {
    const result = await warm(["products", "--param", "id=7"], env);
    assert.deepEqual([result.code, result.stderr], [0, ""]);
    for (const pid of pids) {
      const line = `^process ${pid}: products: succeeded in \\d+ ms \\(trace ([0-9a-f]{32})\\)$`;
      const [, traceId] = new RegExp(line, "m").exec(result.stdout) ?? [];
      assert.ok(program.stdout.includes(`${pid} has 7\n`), program.stdout);
      const span = await receiver.waitFor(({ spans }) =>
        spans.find((one) => one.traceId === traceId && one.name === "warm products"),
      );
      assert.equal(span.resource.attributes["process.pid"], pid);
    }
  }

  it("run only where they are registered", async () => {
    await start({ flags: preload.import });
    const result = await warm(["shared", "--json"], env);
    assert.equal(result.code, 0, result.stderr);
    const runs = answerOf(result).servers[0]?.runs ?? [];
    assert.deepEqual(
      runs.map(({ pid, warmer, status }) => [pid, warmer, status]),
      [[pids[0], "shared", "succeeded"]],
    );
    const unknown = await warm(["shard", "products"], env);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no cache warmer shard, did you mean shared\?/);
  });

  it("end the command with 1 where a process does not reply, or ends", async () => {
    const blocked = join(folder, "blocked");
    await start({ flags: preload.import, env: { BLOCKED: blocked } });
    const [, second = 0, third = 0] = pids;
    await writeFile(blocked, "");
    process.kill(third, "SIGUSR2");
    await program.waitForStdout((stdout) => stdout.includes("blocked") || undefined);
    const silent = await warm(["products", "--param", "id=8"], env);
    assert.equal(silent.code, 1);
    assert.match(silent.stderr, new RegExp(`process ${third} has not replied in time; see --list`));
    assert.match(silent.stdout, new RegExp(`process ${second}: products: succeeded`));
    await rm(blocked);

    const ending = warm(["endless"], env);
    await pollUntilTrue(async () => {
      const { stdout } = await warm(["--list"], env);
      return new RegExp(`process ${second}: endless: .* running`).test(stdout);
    }, "a run");
    process.kill(second, "SIGKILL");
    const { code, stdout } = await ending;
    assert.equal(code, 1);
    assert.match(stdout, /^endless: failed: its process has ended/);
  });
});

describe("Cache warmers", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await Program.killAll();
    await receiver.close();
  });

  it("delay readiness if they are asked to, until they have ended", async () => {
    const env = { WARMERS: "slow,prices", BEFORE_READY: "true" };
    const { url, appUrl } = await startReplica(receiver, "one", env);
    const page = await fetch(`${url}/readyz`);
    const { state, reason } = (await page.json()) as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [page.status, state, reason],
      [503, "starting", "cache-warming: warming slow"],
    );
    await fetch(`${appUrl}/open`);
    await pollUntilTrue(async () => (await statusOf(`${url}/readyz`)) === 200, "readiness");
    const checks = await (await fetch(`${url}/readyz`)).text();
    assert.doesNotMatch(checks, /cache-warming/);
  });

  it("are asked to stop by a graceful shutdown, which does not wait for them", async () => {
    const env = { WARMERS: "endless", GRACEFUL: "true" };
    const { program } = await startReplica(receiver, "one", env);
    await program.waitForStdout((stdout) => stdout.includes("warming endless") || undefined);
    program.kill("SIGTERM");
    const { signal, stdout } = await program.ended;
    assert.equal(signal, "SIGTERM");
    assert.match(stdout, /aborted: the process shuts down/);
    await receiver.settled();
    const span = receiver.spans.find(({ name }) => name === "warm endless");
    assert.equal(span?.attributes["telltale.cache.warming.status"], "interrupted");
    assert.equal(span?.status.code, "UNSET");
    assert.deepEqual(receiver.events, []);
  });

  it("need a token in the app's environment to be run by hand", async () => {
    const env = { WARMERS: "manual", TELLTALE_ADMIN_TOKEN: "" };
    const { url } = await startReplica(receiver, "one", env);
    const result = await warm(["--url", url], { TELLTALE_ADMIN_TOKEN: TOKEN });
    assert.equal(result.code, 2);
    assert.match(result.stderr, /the app has no TELLTALE_ADMIN_TOKEN, .*set the token in its env/);
  });

  it("never run without the preload, and an app without an admin server has none", async () => {
    const env = { WARMERS: "products,prices,hanging,manual" };
    const program = new Program({ file, env });
    await program.waitForStdout((stdout) => stdout.includes("listening on") || undefined);
    const port = String(await freePort());
    const variables = { TELLTALE_ADMIN_TOKEN: TOKEN, OTEL_EXPORTER_PROMETHEUS_PORT: port };
    const result = await warm(["--json"], variables);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /no answer of an admin server: ECONNREFUSED/);
    assert.deepEqual(answerOf(result).status, "failed");
    program.kill("SIGTERM");
    const { stdout, stderr } = await program.ended;
    assert.deepEqual([stderr, /^registered\nlistening on \d+\n$/.test(stdout)], ["", true]);
  });

  it("report arguments that can't be used, in one line each", async () => {
    const bad = fileURLToPath(new URL("apps/bad-warmers.mjs", import.meta.url));
    const env = telemetryEnv(receiver);
    const { code, stdout, stderr } = await new Program({ file: bad, flags: preload.import, env })
      .ended;
    assert.equal(code, 0);
    assert.equal(stdout, "registered\nthe last one\n");
    assert.deepEqual(stderr.trimEnd().split("\n").toSorted(), BAD_ARGUMENTS);
  });
});

const BAD_ARGUMENTS = [
  'telltale: registerCacheWarmer received "function" (text), expected a function; there is no such warmer',
  "telltale: registerCacheWarmer received a value of type object (object), expected a function; there is no such warmer",
  "telltale: registerCacheWarmer received beforeReady without onStart (both), expected both; readiness does not wait",
  "telltale: registerCacheWarmer received every 10 (often), expected milliseconds from 1000 to 1900000000; there is no schedule",
  'telltale: registerCacheWarmer received onStart "yes" (words), expected a boolean; true is used',
  "telltale: registerCacheWarmer received options 7 (number), expected an object; the defaults are used",
  'telltale: registerCacheWarmer received the name "a b", expected 1 to 100 characters of A-Z a-z 0-9 . _ : / -; there is no such warmer',
  "telltale: registerCacheWarmer received the name twice again, expected one warmer for each name; the last one is used",
  "telltale: registerCacheWarmer received timeout NaN (limit), expected milliseconds from 1 to 1900000000; 60000 is used",
].toSorted();
