import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { eventText } from "../events.ts";
import {
  type BundledPrograms,
  type BundledRunOptions,
  bundlePrograms,
  type ProcessResult,
  type RunningProgram,
} from "../preload.ts";
import { createTemporaryFolder, type TemporaryFolder } from "./folder.ts";
import { launcherOrSkip } from "../../programs.ts";

/** The limit of an exit flush where no answer comes; elsewhere it is a minute. */
const FLUSH_TIMEOUT_MS = 2_000;

/** The report without losses that precedes stored events is smaller, and every event is larger. */
const MAX_PROBE_BYTES = 300;

describe("An outage of Sentry with a spool", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  let folder: TemporaryFolder;
  let unusedPort: number;
  before(async () => {
    [programs, receiver, unusedPort] = await Promise.all([
      bundlePrograms(["outage.ts"]),
      startReceiver(),
      freePort(),
    ]);
  });
  beforeEach(() => {
    folder = createTemporaryFolder();
    receiver.clear();
    receiver.setFaults();
  });
  afterEach(() => folder.remove());
  after(() => Promise.all([programs.remove(), receiver.close()]));

  interface OutageRun extends BundledRunOptions {
    readonly label?: string;
    readonly errors?: number;
    readonly size?: number;
    readonly until?: Readonly<Record<string, number>> | undefined;
    readonly exits?: boolean;
    readonly endless?: boolean;
    readonly workers?: number;
  }

  const start = async (run: OutageRun): Promise<RunningProgram> => {
    const { label = "event", errors = 0, size, until, exits, endless, workers, ...options } = run;
    return programs.start("outage.ts", {
      ...options,
      args: [JSON.stringify({ label, errors, size, until, exits, endless, workers })],
      env: {
        SENTRY_DSN: receiver.dsn,
        OTEL_LOG_LEVEL: "info",
        TELLTALE_REPEATED_ERRORS: "0",
        TELLTALE_SENTRY_SPOOL_DIR: folder.path,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
        ...options.env,
      },
    });
  };
  const run = async (options: OutageRun): Promise<ProcessResult> => (await start(options)).ended;

  const outages: readonly {
    readonly title: string;
    readonly faults: readonly Fault[];
    /** Whether nothing listens there. */
    readonly isAbsent?: true;
    readonly line: RegExp;
  }[] = [
    {
      title: "refuses connections",
      faults: [],
      isAbsent: true,
      line: /can't be reached \(ECONNREFUSED\); events are stored on disk until it takes them$/m,
    },
    {
      title: "answers 503",
      faults: [{ kind: "status", status: 503 }],
      line: /answers 503[^;]*; events are stored on disk until it takes them$/m,
    },
    {
      title: "closes connections",
      faults: [{ kind: "close" }],
      line: /can't be reached \(ECONNRESET\); events are stored on disk/,
    },
    {
      title: "hangs",
      faults: [{ kind: "hang" }],
      line: /can't be reached \(no answer within .*\); events are stored on disk until it takes them$/m,
    },
  ];
  const ends: readonly (readonly [title: string, changes: Partial<OutageRun>])[] = [
    ["exits at once", { exits: true }],
    ["has noticed it", { until: { stored: 5 } }],
  ];
  const rows = outages.flatMap((outage) => ends.map((end) => [outage, ...end] as const));
  for (const [{ title, faults, isAbsent, line }, end, changes] of rows) {
    it(`loses no event of a process that ${end} while Sentry ${title}: the next one sends it`, async () => {
      receiver.setFaults(...faults);
      const port = isAbsent === true ? unusedPort : receiver.port;
      const env = {
        SENTRY_DSN: `http://key@127.0.0.1:${port}/1`,
        ...(title === "hangs" && { TELLTALE_FLUSH_TIMEOUT: String(FLUSH_TIMEOUT_MS) }),
      };
      const ended = await run({ errors: 5, env, ...changes });
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stderr, line);
      assert.ok(ended.stderr.split("\n").length <= 2, ended.stderr);
      const ids = folder.files().map(({ id }) => id);
      assert.equal(ids.length, 5);
      assert.deepEqual(folder.others(), []);
      const sentry = isAbsent === true ? await startReceiver({ port }) : receiver;
      sentry.setFaults();
      sentry.clear();
      const next = await run({ env, until: { sent: 5, queued: 0 } });
      assert.equal(next.code, 0, next.stderr);
      assert.match(next.stdout, /"created":5,"sent":5,"queued":0,"dropped":0,"recovered":5/);
      assert.match(
        next.stderr,
        /^telltale: 5 events of earlier processes are in .*; Sentry gets them now\n$/,
      );
      await sentry.settled();
      assert.deepEqual(
        textsOf(sentry),
        [0, 1, 2, 3, 4].map((index) => `event 0.${index}`),
      );
      assert.deepEqual(idsOf(sentry), ids.toSorted());
      if (sentry !== receiver) await sentry.close();
      assert.deepEqual([folder.files(), folder.others()], [[], []]);
    });
  }

  it("sends the events when Sentry recovers, with the time of sending in their envelopes", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    const process = await start({ errors: 10, until: { sent: 10 } });
    await pollUntilTrue(() => folder.files().length === 10, "stored events");
    const recoveredAt = Date.now();
    receiver.setFaults();
    const { code, stdout, stderr } = await process.ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /"created":10,"sent":10,"queued":0,"dropped":0,/);
    assert.match(stderr, /answers 503; events are stored on disk until it takes them/);
    assert.match(stderr, /takes events again; 0 were lost meanwhile/);
    await receiver.settled();
    assert.equal(new Set(textsOf(receiver)).size, 10);
    assert.equal(receiver.events.length, 10);
    for (const { envelope } of receiver.items) {
      assert.ok(
        Date.parse(String(envelope["sent_at"])) >= recoveredAt,
        String(envelope["sent_at"]),
      );
    }
    assert.deepEqual(folder.files(), []);
  });

  it("obeys a rate limit with stored events", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    await run({ errors: 6, exits: true });
    receiver.clear();
    const headers = { "x-sentry-rate-limits": "2:error:key" };
    receiver.setFaults({ kind: "status", status: 429, headers, times: 3 });
    const { stdout, stderr } = await run({ until: { created: 6, queued: 0 } });
    await receiver.settled();
    // Those that were answered with 429 are not tried again.
    const rejected = receiver.requests.filter(
      ({ status, bytes }) => status === 429 && bytes > MAX_PROBE_BYTES,
    );
    assert.ok(rejected.length > 0);
    assert.equal(receiver.events.length + rejected.length, 6, stderr);
    assert.match(
      stdout,
      new RegExp(
        `"sent":${6 - rejected.length},"queued":0,"dropped":${rejected.length},"reasons":{"rejected":${rejected.length}}`,
      ),
    );
    // Two are in flight at a time, and the second one may arrive late.
    const last = (rejected.at(-2) ?? rejected.at(-1))?.at ?? 0;
    for (const { at } of receiver.requests.filter(({ status }) => status === 200)) {
      assert.ok(at - last >= 2_000, `${at - last} ms after the limit was requested`);
    }
  });

  for (const status of [400, 403, 413, 429]) {
    it(`does not store an event that is answered with ${status}`, async () => {
      receiver.setFaults({ kind: "status", status });
      const { stdout } = await run({ errors: 1, until: { queued: 0 } });
      assert.match(stdout, /"dropped":1,"reasons":{"rejected":1}/);
      assert.deepEqual(folder.files(), []);
    });
  }

  it("deletes an event that Sentry accepts at process exit", async () => {
    const { code, stderr } = await run({ errors: 3, exits: true });
    await receiver.settled();
    assert.deepEqual([code, stderr, receiver.events.length], [0, "", 3]);
    assert.deepEqual([folder.files(), folder.others()], [[], []]);
  });

  it("loses no event that is complete when the process is killed with SIGKILL, and counts the others", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    let stored = 0;
    for (let round = 0; round < 3; round++) {
      const process = await start({ label: `round ${round}`, endless: true, size: 20_000 });
      await pollUntilTrue(() => folder.files().length > stored + 5 + round * 3, "stored events");
      process.kill("SIGKILL");
      assert.equal((await process.ended).signal, "SIGKILL");
      stored = folder.files().length;
    }
    const files = folder.files();
    const complete = files.filter(({ path, bytes }) => statSync(path).size === bytes);
    receiver.setFaults();
    receiver.clear();
    const { stdout, stderr } = await run({ until: { created: files.length, queued: 0 } });
    await receiver.settled();
    assert.deepEqual(idsOf(receiver), complete.map(({ id }) => id).toSorted(), stderr);
    const dropped = files.length - complete.length;
    assert.match(
      stdout,
      new RegExp(`"sent":${complete.length},"queued":0,"dropped":${dropped}[,}]`),
    );
    assert.deepEqual([folder.files(), folder.others()], [[], []]);
  });

  it("drops and counts a file that a crash of the machine has cut off", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    await run({ errors: 4, exits: true });
    const [first, second, third] = folder.files().map(({ path }) => path);
    truncateSync(first ?? "", 100);
    writeFileSync(second ?? "", "\0".repeat(statSync(second ?? "").size));
    writeFileSync(`${third}.tmp`, readFileSync(third ?? "").subarray(0, 50));
    receiver.setFaults();
    receiver.clear();
    const { stdout, stderr } = await run({ until: { created: 4, queued: 0 } });
    await receiver.settled();
    assert.equal(receiver.events.length, 2);
    assert.match(stdout, /"sent":2,"queued":0,"dropped":2,"reasons":{"failed":2}/);
    assert.match(
      stderr,
      /stored events in .* are incomplete, as after a power failure; they are dropped and counted/,
    );
    assert.deepEqual(folder.files(), []);
  });

  it("is shared by the workers of a cluster: each event arrives once", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    const ended = await run({ errors: 20, workers: 3, exits: true });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(folder.files().length, 60);
    receiver.setFaults();
    receiver.clear();
    await run({ label: "late", errors: 1, workers: 3 });
    // Workers that end at once may leave the rest.
    await run({ until: { queued: 0 } });
    await pollUntilTrue(async () => {
      if (folder.files().length > 0) await run({ until: { queued: 0 } });
      return folder.files().length === 0;
    }, "the last event");
    await receiver.settled();
    assert.equal(receiver.events.length, 63);
    assert.equal(new Set(textsOf(receiver)).size, 63);
  });

  it("keeps at most the configured size, and counts what it drops", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    const maxBytes = 1024 * 1024;
    const { stdout, stderr } = await run({
      errors: 100,
      size: 30_000,
      env: { TELLTALE_SENTRY_SPOOL_MAX_SIZE: String(maxBytes) },
      until: { created: 100, inMemory: 0 },
    });
    const counts = JSON.parse(stdout.split("\n")[1] ?? "{}") as Record<string, number>;
    const files = folder.files();
    assert.deepEqual([counts["stored"], counts["queued"]], [files.length, files.length]);
    assert.deepEqual([counts["sent"], counts["dropped"]], [0, 100 - files.length]);
    assert.match(stdout, new RegExp(`"reasons":{"queue_full":${100 - files.length}}`));
    assert.match(stderr, /have reached their limit \(1048576 bytes, 2000 files\); the oldest are/);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(total <= maxBytes && total > maxBytes - 100_000, `${total} bytes`);
  });

  describe("in a folder that cannot be used", () => {
    const isRoot = process.getuid?.() === 0;
    /** Without the capabilities of root, to which permissions do not apply. */
    const asUser = isRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
    const rows: readonly {
      readonly title: string;
      readonly prepare?: (path: string) => void;
      /** Relative to the temporary folder. */
      readonly directory?: string;
      readonly launcher?: (path: string) => readonly string[];
      readonly flags?: readonly string[];
      readonly reason: RegExp;
      readonly size?: number;
    }[] = [
      {
        title: "that is a file",
        prepare: (path) => writeFileSync(join(path, "file"), ""),
        directory: "file",
        reason: /ENOTDIR: not a directory/,
      },
      {
        title: "that is not writable",
        prepare: (path) => execFileSync("chmod", ["500", path]),
        launcher: () => asUser,
        reason: /EACCES: permission denied/,
      },
      {
        title: "that is read-only",
        launcher: (path) => inMount(path, "size=1m,ro"),
        reason: /EROFS: read-only file system/,
      },
      {
        title: "that is full",
        launcher: (path) => inMount(path, "size=16k"),
        size: 50_000,
        reason: /ENOSPC: no space left on device/,
      },
      {
        title: "that Node's permissions do not include",
        flags: ["--permission", "--allow-fs-read=*", "--allow-worker", ...netFlag()],
        reason: /Node's --permission denies it; add --allow-fs-write/,
      },
    ];
    for (const { title, prepare, directory = ".", launcher, flags = [], reason, size } of rows) {
      it(`${title} is reported in one line, and events are kept in memory`, async function () {
        if (launcher !== undefined) launcherOrSkip(this, launcher(folder.path));
        prepare?.(folder.path);
        receiver.setFaults({ kind: "status", status: 503, times: 1 });
        const { code, stdout, stderr } = await run({
          errors: 3,
          flags,
          ...(size !== undefined && { size }),
          ...(launcher !== undefined && { launcher: launcher(folder.path) }),
          env: { TELLTALE_SENTRY_SPOOL_DIR: join(folder.path, directory) },
          until: { queued: 0 },
        });
        const lines = stderr
          .split("\n")
          .filter(
            (line) => line.includes("telltale:") && !/takes events again|answers 503/.test(line),
          );
        assert.equal(code, 0, stderr);
        assert.equal(lines.length, 1, stderr);
        assert.match(lines[0] ?? "", /events can't be stored in /);
        assert.match(lines[0] ?? "", reason);
        assert.match(stdout, /"created":3,"sent":3,"queued":0,"dropped":0,/);
        await receiver.settled();
        assert.equal(receiver.events.length, 3);
        execFileSync("chmod", ["700", folder.path]);
      });
    }

    it("that other users can read is reported in one line, and nothing is written there", async () => {
      receiver.setFaults({ kind: "status", status: 503 });
      await run({ errors: 1, exits: true });
      const [file] = folder.files();
      const inside = join(file?.path ?? "", "..");
      execFileSync("chmod", ["755", inside]);
      receiver.setFaults();
      const { stderr, stdout } = await run({ errors: 1, until: { sent: 1, queued: 0 } });
      assert.match(
        stderr,
        /events can't be stored in .* \(other users have access to it\); they are kept in memory only/,
      );
      assert.match(stdout, /"created":1/);
      assert.equal(folder.files().length, 1);
    });
  });

  it("at exit takes no longer than TELLTALE_FLUSH_TIMEOUT", async () => {
    receiver.setFaults({ kind: "status", status: 503 });
    const healthy = await run({ errors: 1, env: { SENTRY_DSN: "" } });
    // Enough to store all events on a busy machine; Sentry answers at once.
    const flushTimeoutMs = 6_000;
    const env = { TELLTALE_FLUSH_TIMEOUT: String(flushTimeoutMs) };
    const ended = await run({ errors: 200, size: 10_000, exits: true, env });
    assert.equal(folder.files().length, 200, ended.stderr);
    // Below the time limit of a request, 10 s.
    const limitMs = healthy.tookMs * 3 + flushTimeoutMs + 4_000;
    assert.ok(ended.tookMs < limitMs, `${ended.tookMs} ms, ${healthy.tookMs} without Sentry`);
  });
});

/** Node 26 denies the network too. */
function netFlag(): readonly string[] {
  return process.allowedNodeEnvironmentFlags.has("--allow-net") ? ["--allow-net"] : [];
}

/** Runs a command with a file system of its own at `path`. */
function inMount(path: string, options: string): readonly string[] {
  const script = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, path];
}

function textsOf({ events }: Receiver): string[] {
  return events.map((event) => eventText(event) ?? "").toSorted();
}

function idsOf({ events }: Receiver): string[] {
  return events.map(({ event_id: id }) => id ?? "").toSorted();
}
