import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

type Line = Readonly<Record<string, unknown>>;

/** The fields of the contract, in their order. */
const ID_FIELDS = [
  ...["trace_id", "span_id", "trace_flags", "request_id"],
  ...["user_id", "organization_id"],
];
const FIELDS = [
  ...["timestamp", "level", "message", "service", "environment", "logger"],
  ...ID_FIELDS,
];

const apps = ["imported.mjs", "required.cjs"];

const variants = nodes.flatMap(({ name, path }) => [
  ...apps.map((app) => ({ app, node: path, title: `${app} on Node ${name}`, env: {} })),
]);

/** An app whose winston telltale does not patch: one that has bundled it, for instance. */
const unpatched = {
  app: "imported.mjs",
  node: nodes[0]?.path ?? "",
  title: "imported.mjs without the instrumentation of winston",
  env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console,winston" },
};

describe("A logger of telltale/logger in a preloaded app", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  const run = async (app: string, node: string, env: Readonly<Record<string, string>>) => {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      node,
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        NODE_ENV: "staging",
        TELLTALE_LOG_LEVELS: "api=info,api.cache=debug,*=error",
        ...env,
      },
    });
    const { code, stdout, stderr } = await program.ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await receiver.settled();
    const lines = stdout.trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Line);
  };

  for (const { app, node, title, env } of [...variants, unpatched]) {
    it(`writes each line once, with the documented fields and the ids of its request: ${title}`, async () => {
      const lines = await run(app, node, env);
      assert.equal(lines.filter(({ logger }) => logger !== undefined).length, 3 * 4 + 1);
      for (const index of [0, 1, 2]) assertRequest(lines, String(index), receiver);
      const done = lines.find(({ message }) => message === "done");
      assert.deepEqual(
        Object.keys(done ?? {}),
        FIELDS.filter((field) => !ID_FIELDS.includes(field)),
      );
    });
  }

  for (const { app, node, title, env } of variants) {
    it(`exports one record for each line, with the error and its trace: ${title}`, async () => {
      await run(app, node, env);
      assert.equal(receiver.logs.length, 3 * 5 + 1);
      const failed = receiver.logs.filter(({ severityText }) => severityText === "error");
      assert.equal(failed.length, 3);
      for (const log of failed) assertErrorRecord(log);
      const paid = receiver.logs.filter(({ body }) => body === "paid");
      for (const { attributes, scope } of paid) {
        assert.equal(scope.name, "api");
        const { index: value, ...rest } = attributes;
        const index = value as string;
        assert.deepEqual(rest, {
          logger: "api",
          password: "REDACTED",
          "telltale.request.id": rest["telltale.request.id"],
          "user.id": `user-${index}`,
          user_id: `user-${index}`,
          "telltale.organization.id": `org-${index}`,
        });
      }
    });

    it(`makes an event of a logged error: ${title}`, async () => {
      await run(app, node, env);
      assert.equal(receiver.events.length, 3);
      for (const { exception } of receiver.events) {
        assert.deepEqual(
          exception?.values?.map(({ value }) => value),
          ["broken", "too far"],
        );
      }
    });
  }
});

function assertRequest(lines: readonly Line[], index: string, receiver: Receiver): void {
  const server = receiver.spans.find(
    ({ kind, attributes }) => kind === "SERVER" && attributes["url.query"] === `index=${index}`,
  );
  assert.ok(server);
  const own = lines.filter(
    (line) => line["index"] === index || line["message"] === `failed ${index}`,
  );
  const withNames = own.filter(({ logger }) => logger !== undefined);
  assert.deepEqual(
    withNames.map(({ level, message, logger }) => [level, message, logger]),
    [
      ["info", "paid", "api"],
      ["warn", "low", "api"],
      ["debug", "missed", "api.cache"],
      ["error", `failed ${index}`, "api"],
    ],
  );
  for (const line of withNames) {
    assert.deepEqual(Object.keys(line).slice(0, FIELDS.length), FIELDS);
    const { service, environment, trace_id, span_id, trace_flags, user_id, organization_id } = line;
    assert.deepEqual(
      { service, environment, trace_id, span_id, trace_flags, user_id, organization_id },
      {
        service: "warehouse",
        environment: "staging",
        trace_id: server.traceId,
        span_id: server.spanId,
        trace_flags: "03",
        user_id: `user-${index}`,
        organization_id: `org-${index}`,
      },
    );
    assert.equal(line["request_id"], server.attributes["telltale.request.id"]);
  }
  assert.equal(withNames[0]?.["password"], "REDACTED");
  assert.equal(withNames[1]?.["part"], "stock");
}

function assertErrorRecord({ attributes, traceId, severityText }: ReceivedLog): void {
  assert.equal(severityText, "error");
  assert.match(traceId, /^[0-9a-f]{32}$/);
  assert.equal(attributes["exception.type"], "RangeError");
  assert.equal(attributes["exception.message"], "too far");
  assert.match(attributes["exception.stacktrace"] as string, /^RangeError: too far\n +at /);
  assert.deepEqual(Object.keys(attributes["error"] ?? {}), ["cause"]);
}
