import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));

type Line = Readonly<Record<string, unknown>>;

describe("The SQL log", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  /** Requests the report, whose query is the only one, and returns what the app printed. */
  const runReport = async (
    framework: string,
    env: Readonly<Record<string, string>>,
    expected: RegExp,
  ): Promise<string> => {
    const program = new Program({
      file,
      args: [framework],
      flags: preload.import,
      env: { ...telemetryEnv(receiver), ...env },
    });
    const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
    const response = await fetch(`http://127.0.0.1:${found[1]}/report`, {
      headers: { "x-request-id": "id-report" },
    });
    assert.deepEqual(await response.json(), [{ sum: 7 }]);
    await pollUntil(
      async () => expected.exec(program.stdout) ?? undefined,
      () => program.stdout,
    );
    program.kill("SIGTERM");
    const { stdout } = await program.ended;
    await receiver.settled();
    return stdout;
  };

  for (const framework of ["express", "fastify"]) {
    it(`has a line and a record for each query, with ${framework}`, async () => {
      const stdout = await runReport(framework, { TELLTALE_SQL_LOG: "true" }, /"statement"/);
      const lines = stdout.split("\n").filter((line) => line.includes(`"statement"`));
      assert.equal(lines.length, 1);
      const span = receiver.spans.find(({ attributes }) => "db.query.text" in attributes);
      const { timestamp, duration, ...rest } = JSON.parse(lines[0] ?? "") as Line;
      assert.deepEqual(rest, {
        level: "debug",
        message: "query",
        service: "warehouse",
        logger: "telltale/sql",
        trace_id: span?.traceId,
        span_id: span?.spanId,
        trace_flags: "03",
        request_id: "id-report",
        statement: "SELECT ? AS sum",
        database: "sqlite",
        "db.namespace": ":memory:",
        rows: 1,
      });
      assert.equal(typeof timestamp, "string");
      assert.ok(typeof duration === "number" && duration >= 0);
      const [record] = receiver.logs;
      assert.deepEqual(
        [record?.eventName, record?.severityText, record?.attributes["db.query.text"]],
        ["telltale.query", "debug", "SELECT ? AS sum"],
      );
      assert.equal(span?.attributes["db.response.returned_rows"], 1);
    });
  }

  it("is off by default, when spans have no number of rows", async () => {
    const stdout = await runReport("fastify", {}, /"port"/);
    assert.doesNotMatch(stdout, /statement/);
    assert.equal(receiver.logs.length, 0);
    const spans = receiver.spans.filter(({ attributes }) => "db.query.text" in attributes);
    assert.equal(spans.length, 1);
    assert.ok(!("db.response.returned_rows" in (spans[0]?.attributes ?? {})));
  });
});
