import assert from "node:assert/strict";
import { type Attributes, type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { withSanitizedErrors } from "../../../src/instrumentation/upstream/sanitize-errors.ts";
import { collectingProvider } from "../../traces/provider.ts";

const { ERROR } = SpanStatusCode;

/** Creates an error as the driver does. */
function failure(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), more);
}

function status(span: Span, { message }: Error): void {
  span.setStatus({ code: ERROR, message });
}

interface UpstreamFailure {
  readonly scope: string;
  readonly attributes: Attributes;
  /** Fails the span as upstream's instrumentation does, in the same order. */
  fail(span: Span): void;
  readonly type: string;
  readonly message: string;
}

const DUPLICATE = "ER_DUP_ENTRY: Duplicate entry 's3cret' for key 'PRIMARY'";
const SQL_SERVER = "The duplicate key value is (s3cret).";
const DYNAMO = `Invalid UpdateExpression: Syntax error; token: "s3cret", near: "= s3cret"`;

const failures: readonly UpstreamFailure[] = [
  {
    scope: "mysql",
    attributes: { "db.system.name": "mysql" },
    fail: (span) => status(span, failure(DUPLICATE)),
    type: "ER_DUP_ENTRY",
    message: "ER_DUP_ENTRY: Duplicate entry ?",
  },
  {
    scope: "tedious",
    attributes: { "db.system.name": "microsoft.sql_server" },
    fail(span) {
      status(span, failure(SQL_SERVER));
      span.setAttribute("error.type", "RequestError");
      span.setAttribute("db.response.status_code", "2627");
    },
    type: "RequestError",
    message: "The duplicate key value is ?.",
  },
  {
    scope: "tedious, THROW",
    attributes: { "db.system.name": "microsoft.sql_server" },
    fail(span) {
      status(span, failure("no money for s3cret"));
      span.setAttribute("error.type", "RequestError");
      span.setAttribute("db.response.status_code", "51000");
    },
    type: "RequestError",
    message: "?",
  },
  {
    scope: "@opentelemetry/instrumentation-oracledb",
    attributes: {},
    fail(span) {
      const error = failure("ORA-01722: unable to convert string value 's3cret' to a number", {
        code: "ORA-01722",
      });
      span.recordException(error);
      status(span, error);
    },
    type: "ORA-01722",
    message: "ORA-01722: unable to convert string value ? to a number",
  },
  {
    scope: "cassandra-driver",
    attributes: { "db.system.name": "cassandra" },
    fail(span) {
      const error = failure(`Invalid STRING constant (s3cret) for "id" of type int`, {
        code: 8704,
      });
      status(span, error);
      span.recordException(error);
    },
    type: "8704",
    message: "Invalid STRING constant ? of type int",
  },
  {
    scope: "cassandra-driver, a function",
    attributes: { "db.system.name": "cassandra" },
    fail(span) {
      const error = failure("execution failed: java.lang.Exception: s3cret", { code: 5120 });
      status(span, error);
      span.recordException(error);
    },
    type: "5120",
    message: "?",
  },
  {
    scope: "memcached",
    attributes: { "db.system.name": "memcached" },
    fail(span) {
      const error = failure(`Argument "s3cret" is not valid`);
      span.recordException(error);
      status(span, error);
    },
    type: "Error",
    message: "Argument ? is not valid",
  },
  {
    scope: "aws-sdk, DynamoDB",
    attributes: { "db.system.name": "aws.dynamodb" },
    fail(span) {
      const error = failure(DYNAMO, { name: "ValidationException" });
      status(span, error);
      span.recordException(error);
    },
    type: "ValidationException",
    message: "Invalid UpdateExpression: Syntax error; token: ?",
  },
];

describe("An error on a span of upstream's instrumentations", () => {
  for (const { scope, attributes, fail, type, message } of failures) {
    it(`has no value in status, event and stack: ${scope}`, () => {
      const { provider, exported } = collectingProvider();
      const tracer = withSanitizedErrors(provider).getTracer(scope);
      const span = tracer.startSpan("call", { kind: SpanKind.CLIENT, attributes });
      fail(span);
      span.end();
      const [ended] = exported;
      assert.deepEqual(ended?.status, { code: ERROR, message });
      assert.equal(ended.attributes["error.type"], type);
      for (const { attributes: event } of ended.events) {
        assert.doesNotMatch(JSON.stringify(event), /s3cret/);
        assert.match(String(event?.["exception.stacktrace"]), /\n {4}at /);
      }
    });
  }

  it("is unchanged on a span without a database", () => {
    const { provider, exported } = collectingProvider();
    const span = withSanitizedErrors(provider).getTracer("openai").startSpan("chat");
    span.setStatus({ code: ERROR, message: `no model "gpt"` });
    span.end();
    assert.equal(exported[0]?.status.message, `no model "gpt"`);
    assert.equal(exported[0]?.attributes["error.type"], undefined);
  });

  it("whose message is no string has no message", () => {
    const { provider, exported } = collectingProvider();
    const attributes = { "db.system.name": "mysql" };
    const span = withSanitizedErrors(provider).getTracer("mysql").startSpan("call", { attributes });
    span.setStatus({ code: ERROR, message: 4711 as unknown as string });
    span.end();
    assert.deepEqual(exported[0]?.status, { code: ERROR, message: "" });
  });

  it("that is unreadable is not recorded, and nothing throws", () => {
    const { provider, exported } = collectingProvider();
    const attributes = { "db.system.name": "cassandra" };
    const span = withSanitizedErrors(provider).getTracer("any").startSpan("call", { attributes });
    const hostile = new Proxy(new Error("x"), {
      get() {
        throw new Error("unreadable");
      },
    });
    span.recordException(hostile);
    span.end();
    assert.deepEqual(exported[0]?.events, []);
  });
});
