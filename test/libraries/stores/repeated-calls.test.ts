import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "mocha";
import { transform } from "esbuild";
import { callOfSpan } from "../../../src/queries/call.ts";
import { findRepeatedCalls, type RepeatedCallGroup } from "../../../src/queries/repeated-calls.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { goOrSkip, programOrSkip } from "../../programs.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { generatePrismaClient } from "./prisma.ts";

const apps = join(import.meta.dirname, "apps");
const cache = join(import.meta.dirname, ".cache", "repeated");

type ServerName = "postgres" | "mariadb" | "mongodb" | "redis";

/** Planted repeated calls of one library; each step marks its line with a comment of its name. */
interface Row {
  readonly library: string;
  readonly server: ServerName;
  readonly steps: readonly string[];
  readonly moduleSystems?: readonly ("cjs" | "mjs")[];
}

const both = ["cjs", "mjs"] as const;

const rows: readonly Row[] = [
  {
    library: "pg",
    server: "postgres",
    steps: ["sequential", "concurrent", "client", "callbacks"],
    moduleSystems: both,
  },
  { library: "postgres", server: "postgres", steps: ["sequential", "concurrent"] },
  {
    library: "prisma",
    server: "postgres",
    steps: ["sequential", "concurrent", "unique", "raw", "transaction"],
  },
  {
    library: "drizzle",
    server: "postgres",
    steps: ["sequential", "concurrent", "concurrentAsync", "query"],
    moduleSystems: both,
  },
  { library: "typeorm", server: "postgres", steps: ["sequential", "concurrent", "builder"] },
  { library: "mysql2", server: "mariadb", steps: ["sequential", "concurrent", "callbacks"] },
  { library: "mongodb", server: "mongodb", steps: ["sequential", "concurrent"] },
  { library: "mongoose", server: "mongodb", steps: ["sequential", "concurrent", "lean"] },
  { library: "ioredis", server: "redis", steps: ["sequential", "concurrent"] },
  { library: "redis", server: "redis", steps: ["sequential", "concurrent"], moduleSystems: both },
  { library: "fetch", server: "redis", steps: ["sequential", "concurrent", "http"] },
];

interface RunOptions {
  /** Path of the program, relative to `apps/` and without extension. */
  readonly program: string;
  readonly moduleSystem?: "cjs" | "mjs";
  readonly url: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly string[];
}

interface Run {
  /** What the viewer receives, and what the other receivers do. */
  readonly viewer: Receiver;
  readonly others: Receiver;
  readonly stdout: string;
}

/** Runs the steps of a program, and passes what was received to `check`. */
async function run(options: RunOptions, check: (run: Run) => void): Promise<void> {
  const [viewer, others] = await Promise.all([startReceiver(), startReceiver()]);
  const { moduleSystem = "cjs", program: name, url, env, steps } = options;
  const program = new Program({
    file: join(apps, `main.${moduleSystem}`),
    flags: preload.import,
    env: {
      ...telemetryEnv(others),
      ...{ PROGRAM: name, LIBRARY: name, URL: url, ...env },
      TELLTALE_VIEWER: viewer.url,
    },
  });
  try {
    const port = await program.waitForStdout((stdout) => /^(\d+)\n/.exec(stdout)?.[1]);
    for (const step of [...steps, "end"]) {
      const response = await fetch(`http://127.0.0.1:${port}/${step}`);
      const text = await response.text();
      assert.equal(response.status, 200, `${step}: ${text}`);
    }
    const { stdout } = await program.ended;
    await Promise.all([viewer.settled(), others.settled()]);
    check({ viewer, others, stdout });
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, viewer.close(), others.close()]);
  }
}

function groupsOf({ spans }: Receiver, step: string): RepeatedCallGroup[] {
  const request = spans.find(
    ({ kind, attributes }) => kind === "SERVER" && attributes["url.path"] === `/${step}`,
  );
  assert.ok(request, `the span of ${step}`);
  const own = spans.filter(({ kind, traceId }) => kind === "CLIENT" && traceId === request.traceId);
  return findRepeatedCalls(own.flatMap((span) => callOf(span, request.spanId) ?? []));
}

function callOf(span: ReceivedSpan, scope: string): ReturnType<typeof callOfSpan> {
  const { spanId, parentSpanId, name, attributes, durationMs, status } = span;
  const described = { spanId, parentSpanId, name, attributes, durationMs, isClient: true };
  const start = Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000;
  return callOfSpan({ ...described, start, failed: status.code === "ERROR" }, scope);
}

/** Returns the line with the comment of a step. */
function markedLine(file: string, step: string): number {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.findIndex((line) => line.trimEnd().endsWith(`// ${step}`)) + 1;
}

function assertFound(found: readonly RepeatedCallGroup[], file: string, step: string): void {
  const [group, ...more] = found;
  assert.deepEqual(more, [], step);
  assert.equal(group?.kind, "n+1", `${step}: ${JSON.stringify(group)}`);
  const { place, count, distinct, severity } = group;
  assert.deepEqual(
    { file: place?.file, line: place?.line, count, distinct, severity },
    { file, line: markedLine(file, step), count: 5, distinct: 5, severity: "warning" },
    step,
  );
}

interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const starters: Readonly<Record<ServerName, (test: Context) => Promise<RunningServer>>> = {
  postgres: () => startPostgres(),
  mariadb(test) {
    programOrSkip(test, "mariadb-install-db");
    return startMariaDb();
  },
  mongodb(test) {
    goOrSkip(test);
    return startFerretDb();
  },
  redis(test) {
    programOrSkip(test, "redis-server");
    return startRedis();
  },
};

for (const [name, start] of Object.entries(starters)) {
  describe(`Planted N+1 calls (${name})`, () => {
    let server: RunningServer;
    before(async function () {
      server = await start(this);
    });
    after(() => server?.stop());

    for (const { library, steps, moduleSystems = ["cjs"] as const } of rows.filter(
      (row) => row.server === name,
    )) {
      for (const moduleSystem of moduleSystems) {
        it(`of ${library} are found with their lines (${moduleSystem}: ${steps.join(", ")})`, async () => {
          const env = library === "prisma" ? { PRISMA_CLIENT: await generatePrismaClient() } : {};
          const program = `repeated/${library}`;
          const options = { program, moduleSystem, url: server.url, env, steps };
          await run(options, ({ viewer }) => {
            for (const step of steps)
              assertFound(groupsOf(viewer, step), join(apps, `${program}.cjs`), step);
          });
        });
      }
    }
  });
}

describe("Repeated calls of an app", () => {
  let postgres: RunningServer;
  let redis: RunningServer;
  before(async function () {
    programOrSkip(this, "redis-server");
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  after(() => Promise.all([postgres?.stop(), redis?.stop()]));

  it("in TypeScript are found with the line of the source", async () => {
    const source = join(apps, "repeated", "typescript.ts");
    const { code, map } = await transform(readFileSync(source, "utf8"), {
      ...{ loader: "ts", format: "cjs", sourcefile: source, sourcemap: "external" },
    });
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, "typescript.js.map"), map);
    writeFileSync(
      join(cache, "typescript.cjs"),
      `${code}\nmodule.exports = create;\n//# sourceMappingURL=typescript.js.map\n`,
    );
    const program = "../.cache/repeated/typescript";
    await run({ program, url: postgres.url, steps: ["sequential"] }, ({ viewer }) =>
      assertFound(groupsOf(viewer, "sequential"), source, "sequential"),
    );
  });

  it("are not reported at fifty clean endpoints", async () => {
    const file = join(apps, "repeated", "clean.cjs");
    const steps = [
      ...readFileSync(file, "utf8").matchAll(
        /^ {4}(?:async )?([a-zA-Z]+)(?:\(\) \{|: (?:async )?\()/gm,
      ),
    ].map(([, step = ""]) => step);
    assert.ok(steps.length >= 50, String(steps.length));
    const env = { REDIS_URL: redis.url };
    await run({ program: "repeated/clean", url: postgres.url, env, steps }, ({ viewer }) => {
      const found = steps.flatMap((step) =>
        groupsOf(viewer, step).map(({ kind, count, fingerprint }) => ({
          ...{ step, kind, count, fingerprint },
        })),
      );
      assert.deepEqual(found, []);
    });
  });

  it("show their values to the viewer, and to no other receiver", async () => {
    const env = { REDIS_URL: redis.url, TELLTALE_SQL_LOG: "true" };
    const steps = ["calls"];
    await run({ program: "repeated/secrets", url: postgres.url, env, steps }, (received) => {
      const { spans, logs, events, metrics } = received.others;
      assert.ok(spans.some(({ attributes }) => attributes["db.system.name"] === "postgresql"));
      assert.ok(logs.length > 0 && events.length > 0);
      const others = JSON.stringify([spans, logs, events, metrics]) + received.stdout;
      const secrets = ["canary-parameter", "canary-literal", "canary-key"];
      const shown = JSON.stringify(received.viewer.spans);
      for (const text of [...secrets, "code.stacktrace", "db.query.parameter", "code.file.path"]) {
        assert.ok(shown.includes(text), `${text} for the viewer`);
        assert.ok(!others.includes(text), `${text} for others`);
      }
    });
  });
});
