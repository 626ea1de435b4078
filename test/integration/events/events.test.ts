import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));
/** What the app prints: the results and errors of its own functions. */
const printed =
  "/import/7 done\n/fail 2\n/login/ada true\n/misuse 7\n/limited/7 true\n/limited/8 true\n";

describe("Operations and security events", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  it("are nothing without the preload", async () => {
    const { code, stdout, stderr } = await new Program({ file, args: ["fastify"] }).ended;
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: printed, stderr: "" });
  });

  for (const framework of ["express", "fastify"]) {
    describe(`with ${framework}`, () => {
      let ended: ProgramResult;
      before(async () => {
        receiver.clear();
        const env = { ...telemetryEnv(receiver), OTEL_METRICS_EXPORTER: "otlp" };
        const program = new Program({ file, args: [framework], flags: preload.import, env });
        ended = await program.ended;
        await receiver.settled();
      });

      const recordsOf = (eventName: string, request: string): readonly ReceivedLog[] =>
        receiver.logs.filter(
          ({ eventName: name, attributes }) =>
            name === eventName && attributes["telltale.request.id"] === request,
        );

      it("pass results and errors on", () => {
        assert.deepEqual([ended.code, ended.stdout], [0, printed]);
      });

      it("are records of their request, without secrets", () => {
        const [render, imported] = recordsOf("telltale.operation.completed", "id-import");
        const span = receiver.spans.find(
          ({ attributes }) => attributes["url.path"] === "/import/7",
        );
        assert.equal(render?.traceId, span?.traceId);
        assert.equal(render?.scope.name, "telltale/performance");
        assert.deepEqual([render?.severityText, render?.body], ["info", "operation completed"]);
        assert.deepEqual(exceptIds(render), {
          "telltale.operation.name": "render",
          "telltale.operation.duration": 0.42,
          pages: 12,
          apiKey: "REDACTED",
        });
        const { "telltale.operation.duration": seconds, ...rest } = exceptIds(imported);
        assert.deepEqual(rest, { "telltale.operation.name": "import", orders: 3 });
        assert.ok(typeof seconds === "number" && seconds >= 0, JSON.stringify(seconds));
      });

      it("have the type of an error", () => {
        const failed = recordsOf("telltale.operation.completed", "id-fail");
        assert.deepEqual(
          failed.map(({ severityText, attributes }) => [severityText, attributes["error.type"]]),
          [
            ["warn", "ENOSTOCK"],
            ["warn", "_OTHER"],
          ],
        );
      });

      it("have the request that concerns security, and its user", () => {
        const [login, basket] = recordsOf("telltale.security.event", "id-login");
        assert.deepEqual(
          [login?.severityText, login?.body, basket?.severityText, basket?.body],
          ["warn", "failed login", "fatal", "an odd basket"],
        );
        assert.equal(login?.attributes["user.id"], "u7");
        assert.deepEqual(exceptIds(login), {
          "telltale.security.event": "failed_login",
          "telltale.security.severity": "medium",
          "http.request.method": "GET",
          "http.route": "/login/:name",
          "url.path": "/login/ada",
          "client.address": "127.0.0.1",
          account: "ada",
        });
      });

      it("report the first of several rejections by a rate limit, and count them all", () => {
        const limited = recordsOf("telltale.security.event", "id-limited");
        assert.deepEqual(limited.map(exceptIds), [
          {
            "telltale.security.event": "rate_limit_exceeded",
            "telltale.security.severity": "medium",
            "http.request.method": "GET",
            "http.route": "/limited/:id",
            "url.path": "/limited/7",
            "client.address": "127.0.0.1",
            count: 1,
          },
        ]);
        const span = receiver.spans.find(
          ({ attributes }) => attributes["url.path"] === "/limited/7",
        );
        assert.equal(limited[0]?.traceId, span?.traceId);
        const metric = receiver.metrics.findLast(({ name }) => name === "telltale.rate_limit.hits");
        assert.deepEqual(
          metric?.points.map(({ attributes, value }) => [attributes["http.route"], value]),
          [["/limited/:id", 2]],
        );
      });

      it("report invalid calls in one line each, and throw nothing", () => {
        const lines = ended.stderr.split("\n").slice(0, -1);
        assert.deepEqual(
          lines.map((line) => line.replace(/^telltale: /, "").split(" expects")[0]),
          ["logPerformance", "logSecurityEvent", "logSecurityEvent"],
        );
        const misused = recordsOf("telltale.operation.completed", "id-misuse");
        assert.deepEqual(misused, []);
      });

      it("are metrics with a bounded number of names", () => {
        const points = (
          name: string,
          attribute: string,
        ): (readonly [name: unknown, count: number | undefined])[] =>
          (receiver.metrics.findLast((metric) => metric.name === name)?.points ?? []).map(
            ({ attributes, count, value }) => [attributes[attribute], count ?? value],
          );
        const operations = points("telltale.operation.duration", "telltale.operation.name");
        assert.deepEqual(
          operations.filter(([name]) => name === "restock").map(([, count]) => count),
          [1, 1],
        );
        assert.ok(operations.length <= 205, `${operations.length} series`);
        assert.ok(operations.some(([name]) => name === "other"));
        const security = points("telltale.security.events", "telltale.security.event");
        assert.deepEqual(security.map(([name, count]) => `${String(name)} ${count}`).toSorted(), [
          "failed_login 1",
          "login 1",
          "odd_basket 1",
          "rate_limit_exceeded 1",
        ]);
      });
    });
  }
});

/** Returns the attributes without those that all records of a request have. */
function exceptIds(record: ReceivedLog | undefined): Record<string, unknown> {
  const ids = ["telltale.request.id", "user.id", "user_id"];
  return Object.fromEntries(
    Object.entries(record?.attributes ?? {}).filter(([name]) => !ids.includes(name)),
  );
}
