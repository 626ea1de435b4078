import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { pollUntil } from "../../until.ts";
import { node } from "../../nodes.ts";
import { linesIn, readLines, readLogFiles } from "../log-files/read-lines.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));
const shops = ["express", "fastify"] as const;
/** Every request of the shop that waits takes longer. */
const LOWEST_LIMIT = { TELLTALE_SLOW_REQUEST_MS: "1" };

type Line = Readonly<Record<string, unknown>>;

/** A request, and the fields of its line. */
interface RequestRow {
  readonly title: string;
  readonly send: (port: number) => Promise<unknown>;
  readonly line: Line;
}

/** Sends a request on a connection of its own. */
function send(
  port: number,
  path: string,
  options: http.RequestOptions & { readonly body?: string } = {},
): Promise<unknown> {
  const { body, ...rest } = options;
  const request = http.request({ port, host: "127.0.0.1", path, agent: false, ...rest });
  request.end(body);
  return once(request, "response").then(async ([response]) => {
    for await (const _ of response as http.IncomingMessage);
  });
}

/** Sends a request over HTTP/2. */
async function sendHttp2(port: number, headers: http2.OutgoingHttpHeaders): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const stream = session.request(headers);
  stream.end(headers[":method"] === "POST" ? "item" : undefined);
  for await (const _ of stream);
  session.close();
}

/** Sends a request, and disconnects once the app has it. */
async function abort(port: number, isHanging: () => Promise<unknown>): Promise<void> {
  const request = http.get({ port, host: "127.0.0.1", path: "/hang", agent: false });
  request.on("error", () => {});
  await isHanging();
  request.destroy();
}

async function upgrade(port: number): Promise<void> {
  const headers = { connection: "upgrade", upgrade: "echo" };
  const request = http.get({ port, host: "127.0.0.1", path: "/chat", headers, agent: false });
  const [, socket] = (await once(request, "upgrade")) as [unknown, NodeJS.WritableStream];
  socket.end();
}

const jsonBody = { "content-type": "application/json", "content-length": "8" };

const requests: readonly RequestRow[] = [
  {
    title: "a response",
    send: (port) => send(port, "/items/7?token=abc"),
    line: {
      level: "info",
      method: "GET",
      route: "/items/:id",
      path: "/items/7",
      status: 200,
      request_size: 0,
      response_size: 10,
    },
  },
  {
    title: "a body",
    send: (port) => send(port, "/items", { method: "POST", headers: jsonBody, body: `{"id":7}` }),
    line: { method: "POST", route: "/items", status: 201, request_size: 8, response_size: 8 },
  },
  {
    title: "HEAD",
    send: (port) => send(port, "/items/7", { method: "HEAD" }),
    line: { method: "HEAD", route: "/items/:id", status: 200, response_size: 0 },
  },
  {
    title: "a missing route",
    send: (port) => send(port, "/nothing"),
    line: { level: "info", route: undefined, path: "/nothing", status: 404 },
  },
  {
    title: "a failure",
    send: (port) => send(port, "/fail"),
    line: { level: "error", route: "/fail", status: 500 },
  },
  {
    title: "a stream, with the framing of its chunks",
    send: (port) => send(port, "/stream"),
    // Node sends the two writes as one chunk.
    line: { route: "/stream", status: 200, response_size: 2000 + 7 + 5 },
  },
  {
    title: "a secret in the path",
    send: (port) => send(port, "/reset/3f9a1c77d2"),
    line: { route: "/reset/:code", path: "/reset/REDACTED" },
  },
  {
    title: "an upgrade",
    send: upgrade,
    line: { method: "GET", path: "/chat", status: 101, response_size: undefined },
  },
];

function linesOf(program: Program): readonly Line[] {
  const lines = program.stdout.split("\n").slice(0, -1);
  return lines
    .filter((line) => line.includes(`"message":`))
    .map((line) => JSON.parse(line) as Line);
}

describe("The access log", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  const start = async (
    shop: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ program: Program; port: number }> => {
    const all = { ...telemetryEnv(receiver), NODE_ENV: "test", ...env };
    const program = new Program({ file, args: [shop], flags: preload.import, env: all });
    const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
    return { program, port: Number(found[1]) };
  };
  const stop = async (program: Program): Promise<void> => {
    program.kill("SIGTERM");
    const { stderr } = await program.ended;
    assert.equal(stderr.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, ""), "");
    await receiver.settled();
  };
  const waitForLines = (program: Program, count: number): Promise<readonly Line[]> =>
    pollUntil(
      async () => {
        const lines = linesOf(program);
        return lines.length >= count ? lines : undefined;
      },
      () => `${count} lines on stdout: ${program.stdout}`,
    );

  for (const shop of shops) {
    it(`has a line for each request, with ${shop}`, async () => {
      const { program, port } = await start(shop, { TELLTALE_ACCESS_LOG: "all" });
      for (const [at, { send, line, title }] of requests.entries()) {
        await send(port);
        const lines = await waitForLines(program, at + 1);
        const found = lines[at] ?? {};
        for (const [name, value] of Object.entries(line)) {
          assert.equal(found[name], value, `${name} of ${title}: ${JSON.stringify(found)}`);
        }
        assert.equal(found["message"], "request completed");
      }
      await stop(program);
    });

    it(`has the documented fields, and the same request as its span and its record, with ${shop}`, async () => {
      const { program, port } = await start(shop, { TELLTALE_ACCESS_LOG: "all" });
      await send(port, "/items/7", { headers: { "x-request-id": "id-1" } });
      const [line = {}] = await waitForLines(program, 1);
      await stop(program);
      const [span] = receiver.spans;
      const { timestamp, duration, ...rest } = line;
      assert.deepEqual(rest, {
        level: "info",
        message: "request completed",
        service: "warehouse",
        environment: "test",
        logger: "telltale/http",
        trace_id: span?.traceId,
        span_id: span?.spanId,
        trace_flags: "03",
        request_id: "id-1",
        method: "GET",
        route: "/items/:id",
        path: "/items/7",
        status: 200,
        request_size: 0,
        response_size: 10,
        protocol_version: "1.1",
      });
      assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(typeof duration === "number" && duration > 0, String(duration));
      const [record] = receiver.logs;
      assert.equal(record?.body, "request completed");
      assert.equal(record.eventName, "telltale.request.completed");
      assert.equal(record.traceId, span?.traceId);
      assert.equal(record.attributes["http.server.request.duration"], duration);
      assert.equal(record.attributes["telltale.request.id"], "id-1");
    });

    it(`has aborted requests, with ${shop}`, async () => {
      const { program, port } = await start(shop, { TELLTALE_ACCESS_LOG: "all" });
      await abort(port, () => program.waitForStdout((stdout) => /hanging/.exec(stdout)));
      const [line = {}] = await waitForLines(program, 1);
      assert.deepEqual(
        [line["status"], line["aborted_by"], line["route"]],
        [undefined, "client", "/hang"],
      );
      await stop(program);
    });

    it(`reports on all requests of a connection with the right sizes, with ${shop}`, async () => {
      const { program, port } = await start(shop, { TELLTALE_ACCESS_LOG: "all" });
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const ids = ["1", "22", "333"];
      await Promise.all(ids.map((id) => send(port, `/items/${id}`, { agent })));
      const lines = await waitForLines(program, ids.length);
      agent.destroy();
      assert.deepEqual(
        lines.map((line) => line["response_size"]),
        ids.map((id) => JSON.stringify({ id }).length),
      );
      await stop(program);
    });

    it(`selects errors, with ${shop}`, async () => {
      const { program, port } = await start(shop, { TELLTALE_ACCESS_LOG: "errors" });
      for (const path of ["/items/1", "/nothing", "/fail", "/items/2"]) await send(port, path);
      await stop(program);
      assert.deepEqual(
        linesOf(program).map((line) => [line["message"], line["path"]]),
        [["request completed", "/fail"]],
      );
      assert.equal(receiver.logs.length, 1);
    });

    it(`selects slow requests, and reports what their time went to, with ${shop}`, async () => {
      const env = { TELLTALE_ACCESS_LOG: "slow", TELLTALE_SLOW_REQUEST_MS: "25" };
      const { program, port } = await start(shop, env);
      await send(port, "/report");
      const found = await pollUntil(
        async () => {
          const lines = linesOf(program).filter((line) => line["path"] === "/report");
          return lines.length === 2 ? lines : undefined;
        },
        () => program.stdout,
      );
      await stop(program);
      assert.deepEqual(
        found.map((line) => [line["level"], line["message"]]),
        [
          ["warn", "request completed"],
          ["warn", "slow request"],
        ],
      );
      checkTimes(found[1] ?? {});
    });

    it(`is off by default, when slow requests have a record and no line, with ${shop}`, async () => {
      const { program, port } = await start(shop, LOWEST_LIMIT);
      await send(port, "/report");
      await send(port, "/events");
      await stop(program);
      assert.deepEqual(linesOf(program), []);
      const slow = receiver.logs.filter(({ eventName }) => eventName === "telltale.request.slow");
      const paths = slow.map(({ attributes }) => JSON.stringify(attributes["url.path"]));
      assert.ok(paths.includes(`"/report"`), paths.join());
      assert.ok(!paths.includes(`"/events"`), paths.join());
      assert.equal(slow.length, receiver.logs.length);
      const { severityText, body } = slow[0] ?? {};
      assert.deepEqual([severityText, body], ["warn", "slow request"]);
    });
  }

  it("has requests over HTTP/2", async () => {
    const { program, port } = await start("http2", { TELLTALE_ACCESS_LOG: "all" });
    const sent: readonly http2.OutgoingHttpHeaders[] = [
      { ":path": "/items/7?token=abc", "x-request-id": "id-2" },
      { ":path": "/items/7", ":method": "HEAD" },
      { ":path": "/items", ":method": "POST", "content-length": "4" },
      { ":path": "/fail" },
    ];
    for (const [at, headers] of sent.entries()) {
      await sendHttp2(port, headers);
      // Its line is written when its stream is closed, after its response.
      await waitForLines(program, at + 1);
    }
    const lines = linesOf(program);
    assert.deepEqual(
      lines.map(({ method, path, status, request_size, response_size, protocol_version }) => [
        method,
        path,
        status,
        request_size,
        response_size,
        protocol_version,
      ]),
      [
        ["GET", "/items/7", 200, undefined, 4, "2"],
        ["HEAD", "/items/7", 200, undefined, 0, "2"],
        ["POST", "/items", 200, 4, undefined, "2"],
        ["GET", "/fail", 500, undefined, undefined, "2"],
      ],
    );
    assert.equal(lines[0]?.["request_id"], "id-2");
    await stop(program);
  });

  it("does not end a process whose reader of stdout is gone", async () => {
    const env = { ...telemetryEnv(receiver), TELLTALE_ACCESS_LOG: "all" };
    const child = spawn(node, [...preload.import, file, "fastify"], {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const exited = once(child, "exit");
    try {
      const [first] = (await once(child.stdout, "data")) as [Buffer];
      child.stdout.destroy();
      await once(child.stdout, "close");
      const { port } = JSON.parse(String(first)) as { port: number };
      for (const id of ["1", "2", "3"]) await send(port, `/items/${id}`);
    } finally {
      child.kill("SIGTERM");
    }
    const [code, signal] = (await exited) as [number | null, string | null];
    assert.deepEqual({ code, signal, stderr }, { code: null, signal: "SIGTERM", stderr: "" });
    await receiver.settled();
    assert.equal(receiver.logs.length, 3);
  });

  it("is on stdout alone if no log records are exported", async () => {
    const env = { TELLTALE_ACCESS_LOG: "all", OTEL_LOGS_EXPORTER: "none" };
    const { program, port } = await start("fastify", env);
    await send(port, "/items/7");
    await waitForLines(program, 1);
    await stop(program);
    assert.equal(receiver.logs.length, 0);
  });

  describe("with log files", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "telltale-access-log-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    for (const shop of shops) {
      it(`has the same lines in performance.log as on stdout, with ${shop}`, async () => {
        const env = { TELLTALE_ACCESS_LOG: "all", TELLTALE_SQL_LOG: "true", ...LOWEST_LIMIT };
        const { program, port } = await start(shop, { ...env, TELLTALE_LOG_DIR: folder });
        for (const path of ["/report", "/fail", "/reset/3f9a1c77d2"]) await send(port, path);
        await waitForLines(program, 4);
        await stop(program);
        const [text = ""] = (await readLogFiles(folder, "performance")).values();
        const ofTelltale = linesIn(program.stdout).filter((line) => line.includes('"telltale/'));
        assert.deepEqual(linesIn(text), ofTelltale);
        const messages = ofTelltale.map((line) => String((JSON.parse(line) as Line)["message"]));
        assert.deepEqual([...new Set(messages)].toSorted(), [
          "query",
          "request completed",
          "slow request",
        ]);
      });
    }

    it("has slow requests in performance.log if there is neither an exporter nor a line on stdout", async () => {
      const env = { OTEL_LOGS_EXPORTER: "none", TELLTALE_LOG_DIR: folder, ...LOWEST_LIMIT };
      const { program, port } = await start("fastify", env);
      await send(port, "/report");
      await stop(program);
      const lines = await readLines(folder, "performance");
      const found = lines.filter(({ path }) => path === "/report");
      assert.deepEqual(
        found.map(({ message, route }) => [message, route]),
        [["slow request", "/report"]],
      );
    });
  });
});

/** The two calls at the same time count once, and the parts are no more than the whole. */
function checkTimes(line: Line): void {
  const part = (name: string): number => {
    const value = line[name];
    assert.ok(typeof value === "number" && value >= 0, `${name} in ${JSON.stringify(line)}`);
    return value;
  };
  assert.equal(line["outgoing_calls"], 2);
  assert.ok(part("database_calls") >= 1);
  const parts = part("outgoing_duration") + part("database_duration") + part("own_duration");
  assert.ok(part("own_duration") >= 0.025, "the time of the timer");
  assert.ok(Math.abs(parts - part("duration")) < 1e-5, "the sum of the parts is the whole");
}
