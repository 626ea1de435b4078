import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { node } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { servers, type WaitingServerName, type TestServer } from "./waiting-servers.ts";
import { type WaitingRow, waitingRows } from "./waits.ts";

const USERS = ["alice", "bob", "carol"] as const;
/** In the cold round, no connection is open yet. */
const ROUNDS = ["cold", "warm"] as const;

for (const name of Object.keys(servers) as WaitingServerName[]) {
  describe(`A queued call (${name})`, () => {
    let server: TestServer;
    before(async function () {
      server = await servers[name](this);
    });
    after(() => server?.stop());

    for (const row of waitingRows.filter((one) => one.server === name)) {
      it(`resumes in its own context: ${row.group} ${row.installed}, ${row.program}`, async () => {
        const { ways, requests, receiver } = await runWaiting(row, server.url);
        assert.ok(ways.length > 0);
        const contextErrors = requests.flatMap((request) => {
          const found = contextErrorsOf(request, row, receiver);
          return found.length === 0
            ? []
            : `${decodeURIComponent(request.path)}: ${found.join(", ")}`;
        });
        assert.deepEqual(contextErrors, []);
      });
    }
  });
}

/** Number of spans below the request's span. */
type Calls = number | "any";

interface Request {
  readonly calls: Calls;
  readonly path: string;
  readonly user: string;
  readonly id: string;
}

interface WaitingRun {
  readonly ways: readonly unknown[];
  readonly requests: readonly Request[];
  readonly receiver: Receiver;
}

/** Sends concurrent requests of three users, in each way, in two rounds. */
async function runWaiting(row: WaitingRow, url: string): Promise<WaitingRun> {
  const receiver = await startReceiver();
  const group = row.group === "" ? "" : new URL(`../${row.group}`, import.meta.url).pathname;
  const program = new Program({
    file: fileURLToPath(new URL("apps/main.cjs", import.meta.url)),
    node,
    // The package.json of the group defines the aliases.
    ...(group !== "" && { cwd: group }),
    flags: [...preload.import],
    env: {
      ...telemetryEnv(receiver),
      TELLTALE: new URL("../../../dist/index.js", import.meta.url).href,
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "dns",
      NODE_NO_WARNINGS: "1",
      GROUP: group,
      LIBRARY: row.installed,
      PROGRAM: row.program,
      URL: url,
    },
  });
  try {
    const output = await program.waitForStdout((stdout) => /^(\[.*\])\n/m.exec(stdout)?.[1]);
    const [port, ways] = JSON.parse(output) as [number, [string, Calls | null][]];
    const requests: Request[] = [];
    const count = row.span === undefined ? 0 : 1;
    for (const [way, calls] of ways) {
      for (const round of ROUNDS) {
        requests.push(...(await requestAll(port, way, round, calls ?? count)));
      }
    }
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(WAIT_TIMEOUT_MS) });
    const { stderr, code } = await program.ended;
    assert.deepEqual([stderr, code], ["", 0]);
    await receiver.settled();
    return { ways, requests, receiver };
  } catch (error) {
    program.kill("SIGKILL");
    const { stderr } = await program.ended;
    throw new Error(`${String(error)}\n${stderr}`, { cause: error });
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close()]);
  }
}

function requestAll(port: number, way: string, round: string, calls: Calls): Promise<Request[]> {
  return Promise.all(
    USERS.map(async (user) => {
      const path = `/${encodeURIComponent(way)}/${round}/${user}`;
      const id = `${user}-${way}-${round}`;
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { "x-request-id": id.replaceAll(/[^\w-]/g, "") },
        signal: AbortSignal.timeout(WAIT_TIMEOUT_MS),
      }).catch((error: unknown) => assert.fail(`${path}: ${String(error)}`));
      assert.equal(response.status, 200, `${path}: ${await response.text()}`);
      return { path, user, calls, id: id.replaceAll(/[^\w-]/g, "") };
    }),
  );
}

/** Lists telemetry with the context of another request, or with none. */
function contextErrorsOf(request: Request, row: WaitingRow, receiver: Receiver): string[] {
  const { path, user, id, calls } = request;
  const { spans, logs, events } = receiver;
  const server = spans.find(
    ({ kind, attributes }) => kind === "SERVER" && attributes["url.path"] === path,
  );
  const ownerOf = (traceId: string | undefined): unknown =>
    spans.find((span) => span.parentSpanId === "" && span.traceId === traceId)?.attributes[
      "url.path"
    ];
  if (server === undefined) return ["it has no span"];
  const contextErrors: string[] = [];
  const see = (what: string, is: unknown, expected: unknown): void => {
    if (is !== expected) contextErrors.push(`${what} is ${String(is)}`);
  };
  const line = logs.find(({ body }) => body === `line of ${path}`);
  see("the line's trace", ownerOf(line?.traceId), path);
  see("the line's user", line?.attributes["user_id"], user);
  see("the line's request", Object.values(line?.attributes ?? {}).includes(id), true);
  const later = spans.find(({ name }) => name === `span of ${path}`);
  see("the trace of what follows", ownerOf(later?.traceId), path);
  const event = events.find((one) => JSON.stringify(one).includes(`error of ${path}`));
  see("the event's user", (event?.["user"] as { id?: unknown } | undefined)?.id, user);
  const own = spans.filter((span) => isCall(span, server, row));
  if (calls !== "any") see("the number of its calls", own.length, calls);
  return contextErrors;
}

function isCall(span: ReceivedSpan, server: ReceivedSpan, { span: name }: WaitingRow): boolean {
  return (
    span.parentSpanId === server.spanId &&
    span.scope.name !== "app" &&
    (name === undefined || name.test(JSON.stringify([span.name, span.attributes["db.query.text"]])))
  );
}
