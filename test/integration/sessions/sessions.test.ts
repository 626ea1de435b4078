import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:http2";
import { fileURLToPath } from "node:url";
import type { ReceivedSessions } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const app = fileURLToPath(new URL("apps/app.mjs", import.meta.url));

/** Numbers of sessions by status. */
interface Counts {
  readonly exited: number;
  readonly errored: number;
  readonly crashed: number;
}

/** The session of a request to each path. */
const statuses: Readonly<Record<string, keyof Counts>> = {
  ok: "exited",
  message: "exited",
  "not-found": "exited",
  "status-500": "exited",
  job: "exited",
  handled: "errored",
  warning: "errored",
  thrown: "crashed",
  rejected: "crashed",
  "handled-then-thrown": "crashed",
  destroy: "crashed",
};

const frameworks = ["http", "http2", "express", "fastify"] as const;

describe("Sessions of release health", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  /** Runs the app, sends requests, ends it, and returns what has arrived. */
  const run = async (
    framework: (typeof frameworks)[number],
    send: (url: string, program: Program) => Promise<unknown>,
    options: { readonly env?: Record<string, string>; readonly args?: string[] } = {},
  ): Promise<{ ended: ProgramResult; sessions: ReceivedSessions[]; counts: Counts }> => {
    const env = { SENTRY_RELEASE: "shop@1.2.3", SENTRY_ENVIRONMENT: "test", ...options.env };
    const program = new Program({
      file: app,
      flags: preload.import,
      args: [framework, ...(options.args ?? [])],
      env: { ...telemetryEnv(receiver), ...env },
    });
    try {
      const port = await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]);
      await send(`http://127.0.0.1:${port}`, program);
      program.kill("SIGTERM");
      const ended = await program.ended;
      await receiver.settled();
      const sessions = [...receiver.sessions];
      return { ended, sessions, counts: sum(sessions) };
    } finally {
      program.kill("SIGKILL");
      await program.ended;
    }
  };

  for (const framework of frameworks) {
    it(`count each request of ${framework} once, by its result`, async () => {
      const requests = Object.keys(statuses).flatMap((path, at) =>
        Array.from({ length: at + 1 }, () => path),
      );
      const { sessions, counts } = await run(framework, (url) => {
        const ask = framework === "http2" ? askHttp2 : askAll;
        return ask(url, requests);
      });
      assert.deepEqual(counts, expected(requests));
      for (const { attrs, aggregates } of sessions) {
        assert.deepEqual(attrs, { release: "shop@1.2.3", environment: "test" });
        for (const { started } of aggregates) {
          assert.match(started, /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/);
          const ageMs = Date.now() - Date.parse(started);
          assert.ok(ageMs >= 0 && ageMs < 10 * 60_000, started);
        }
      }
    });
  }

  it("count a request that its client aborts as exited", async () => {
    const { counts } = await run("express", async (url, program) => {
      await abortOne(url, program);
      await askAll(url, ["ok", "flush"]);
    });
    assert.deepEqual(counts, { exited: 3, errored: 0, crashed: 0 });
  });

  it("are sent by flush, and none is sent twice", async () => {
    const { counts } = await run("express", async (url) => {
      await askAll(url, ["ok", "ok", "handled"]);
      await askAll(url, ["flush"]);
      const sent = sum(receiver.sessions);
      assert.deepEqual(sent, { exited: 2, errored: 1, crashed: 0 });
      await askAll(url, ["ok"]);
    });
    assert.deepEqual(counts, { exited: 4, errored: 1, crashed: 0 });
  });

  const ends: readonly {
    readonly title: string;
    readonly last?: string;
    readonly args?: string[];
    readonly counts: Counts;
  }[] = [
    {
      title: "an uncaught error ends the process: all requests in flight crash with it",
      last: "fatal",
      counts: { exited: 1, errored: 0, crashed: 4 },
    },
    {
      title: "a signal ends the process",
      counts: { exited: 4, errored: 0, crashed: 0 },
    },
    {
      title: "the app exits on a signal",
      args: ["exit"],
      counts: { exited: 4, errored: 0, crashed: 0 },
    },
    {
      title: "a request calls process.exit",
      last: "exit-0",
      counts: { exited: 5, errored: 0, crashed: 0 },
    },
    {
      title: "a request calls process.exit with a failure, without an error",
      last: "exit-1",
      counts: { exited: 5, errored: 0, crashed: 0 },
    },
  ];
  for (const { title, last, args = [], counts } of ends) {
    it(`count three requests in flight where ${title}`, async () => {
      const result = await run(
        "express",
        async (url, program) => {
          await askAll(url, ["ok"]);
          for (let at = 0; at < 3; at++) get(`${url}/hang`).on("error", () => {});
          await program.waitForStdout((text) => /(?:hanging\n){3}/.exec(text));
          if (last === undefined) return;
          get(`${url}/${last}`).on("error", () => {});
          await program.ended;
        },
        { args },
      );
      assert.deepEqual(result.counts, counts);
    });
  }

  it("have the release of the events and the commit of the spans' resource", async () => {
    const commit = "1f".repeat(20);
    const { sessions } = await run("express", (url) => askAll(url, ["thrown"]), {
      env: {
        SENTRY_RELEASE: "",
        SENTRY_ENVIRONMENT: "",
        RENDER_GIT_COMMIT: commit,
        NODE_ENV: "qa",
      },
    });
    assert.deepEqual(sessions[0]?.attrs, { release: commit, environment: "qa" });
    const [event] = receiver.events;
    assert.deepEqual([event?.release, event?.environment], [commit, "qa"]);
    const [span] = receiver.spans;
    assert.equal(span?.resource.attributes["vcs.ref.head.revision"], commit);
    assert.equal(span.resource.attributes["deployment.environment.name"], "qa");
  });

  const offs: readonly (readonly [title: string, env: Readonly<Record<string, string>>])[] = [
    ["TELLTALE_SENTRY_SESSIONS is false", { TELLTALE_SENTRY_SESSIONS: "false" }],
    ["the app has set up Sentry itself", { APP_DSN: "http://key@127.0.0.1:9/1" }],
  ];
  for (const [title, env] of offs) {
    it(`are not counted where ${title}`, async () => {
      const { sessions } = await run("express", (url) => askAll(url, ["ok", "thrown"]), { env });
      assert.deepEqual(sessions, []);
    });
  }
});

async function askAll(url: string, paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map((path) =>
      fetch(`${url}/${path}`).then(
        (response) => response.arrayBuffer(),
        // A response that the app destroys.
        () => undefined,
      ),
    ),
  );
}

async function askHttp2(url: string, paths: readonly string[]): Promise<void> {
  const session = connect(url);
  const closed = once(session, "close");
  await Promise.all(
    paths.map(
      (path) =>
        new Promise((resolve) => {
          const stream = session.request({ ":path": `/${path}` });
          // The server resets a stream that fails.
          stream.on("error", () => {}).on("close", resolve);
          stream.resume();
        }),
    ),
  );
  session.close();
  await closed;
}

async function abortOne(url: string, program: Program): Promise<void> {
  const request = get(`${url}/hang`);
  request.on("error", () => {});
  await program.waitForStdout((text) => /hanging\n/.exec(text));
  request.destroy();
}

function expected(paths: readonly string[]): Counts {
  const counts = { exited: 0, errored: 0, crashed: 0 };
  for (const path of paths) {
    const status = statuses[path];
    if (status !== undefined) counts[status]++;
  }
  return counts;
}

function sum(sessions: readonly ReceivedSessions[]): Counts {
  const counts = { exited: 0, errored: 0, crashed: 0 };
  for (const aggregate of sessions.flatMap(({ aggregates }) => aggregates)) {
    counts.exited += aggregate.exited ?? 0;
    counts.errored += aggregate.errored ?? 0;
    counts.crashed += aggregate.crashed ?? 0;
  }
  return counts;
}
