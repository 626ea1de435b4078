import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { healthy } from "./healthy.ts";
import { type DoctorResult, packageJson, packages, runDoctor } from "./setup.ts";

/** The part of the report that is compared here. */
interface Report {
  readonly otlp: readonly { readonly signal: string; readonly isAccepted: boolean }[];
  readonly libraries: readonly {
    readonly name: string;
    readonly state: string;
    readonly spans?: number;
  }[];
  readonly command: {
    readonly exitCode: number | null;
    readonly patched: readonly { readonly instrumentation: string }[];
    readonly traceId: string | null;
    readonly spans: Readonly<Record<string, number>>;
    readonly lines: number;
    readonly linesWithTrace: number;
  } | null;
}

const reportOf = ({ report }: DoctorResult): Report => report as unknown as Report;

describe("telltale doctor, in a set-up without a mistake", function () {
  let receiver: Receiver;
  let certificates: Certificates;

  before(async () => {
    receiver = await startReceiver();
    certificates = makeCertificates();
  });

  beforeEach(() => receiver.clear());

  after(() => receiver.close());

  for (const row of healthy) {
    it(`finds nothing: ${row.title}`, async () => {
      const result = await runDoctor(row, { receiver, certificates });
      assert.deepEqual(result.findings, [], result.stderr);
      assert.equal(result.code, 0);
      const { otlp, command } = reportOf(result);
      assert.ok(otlp.length >= 2 && otlp.every(({ isAccepted }) => isAccepted));
      const patched = new Set(command?.patched.map(({ instrumentation }) => instrumentation));
      for (const name of row.patches) assert.ok(patched.has(name), name);
      if (row.hasSpans === false) return;
      assert.match(command?.traceId ?? "", /^[\da-f]{32}$/);
      assert.ok((command?.spans["telltale/http"] ?? 0) >= 1);
    });
  }

  it("sends a span, a metric, a log record and an event, marked as a test", async () => {
    await runDoctor(
      {
        title: "all signals",
        env: { OTEL_METRICS_EXPORTER: "prometheus,otlp" },
        prepare: () => ({ SENTRY_DSN: receiver.dsn }),
      },
      { receiver, certificates },
    );
    const [span] = receiver.spans;
    const [record] = receiver.logs;
    const [metric] = receiver.metrics;
    const [event] = receiver.events;
    assert.equal(span?.name, "telltale doctor");
    assert.equal(span.attributes["telltale.doctor"], true);
    assert.equal(span.resource.attributes["telltale.doctor"], true);
    assert.equal(span.resource.attributes["service.name"], "shop");
    assert.equal(record?.body, "telltale doctor: a test");
    assert.equal(record.resource.attributes["telltale.doctor"], true);
    assert.equal(metric?.name, "telltale.doctor.tests");
    assert.match(JSON.stringify(event), /telltale doctor: a test event/);
    assert.equal(receiver.spans.length + receiver.logs.length + receiver.events.length, 3);
  });

  it("sends nothing with --offline", async () => {
    await runDoctor(
      { title: "offline", options: ["--offline"], prepare: () => ({ SENTRY_DSN: receiver.dsn }) },
      { receiver, certificates },
    );
    assert.equal(receiver.requests.length, 0);
  });

  it("passes the output and the exit code of the app on, which can't see doctor's preload in its result", async () => {
    const app = `process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 7;`;
    const { stderr, findings, report } = await runDoctor(
      { title: "output", files: { "app.js": app }, command: ["node", "app.js"] },
      { receiver, certificates },
    );
    assert.equal(stderr, "outerr");
    assert.deepEqual(
      findings.map(({ id }) => id),
      ["command-failed"],
    );
    assert.equal(reportOf({ report } as DoctorResult).command?.exitCode, 7);
  });

  it("counts the spans and lines of each library", async () => {
    const { report } = await runDoctor(
      {
        title: "spans",
        files: {
          "package.json": packageJson({ dependencies: { express: "5", winston: "3" } }),
          "app.js": `const express = require("express");
const winston = require("winston");
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
express().get("/", (request, response) => {
  logger.info("hello");
  response.send("hello");
}).listen(0);`,
        },
        links: packages("express", "winston"),
        options: ["--request", "/", "--request", "/missing"],
        command: ["node", "app.js"],
      },
      { receiver, certificates },
    );
    const { libraries, command } = report as unknown as Report;
    assert.deepEqual(
      libraries
        .filter(({ name }) => name === "express" || name === "winston")
        .map(({ name, state }) => [name, state]),
      [
        ["express", "patched"],
        ["winston", "patched"],
      ],
    );
    assert.equal(command?.spans["telltale/http"], 2);
    assert.equal(command?.lines, 1);
    assert.equal(command?.linesWithTrace, 1);
  });

  it("shows no secret", async () => {
    const secret = "s3cr3t-value";
    const result = await runDoctor(
      {
        title: "secrets",
        env: {
          OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${secret}`,
          TELLTALE_METRICS_TOKEN: `${secret}-${secret}`,
          TELLTALE_ADMIN_TOKEN: `${secret}-${secret}`,
          TELLTALE_ALERT_URL: `https://hooks.slack.com/services/T0/B0/${secret}`,
          TELLTALE_NOT_KNOWN: secret,
          SENTRY_DSN: `https://${secret}@sentry.invalid`,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${secret}@collector.invalid/${secret}`,
        },
      },
      { receiver, certificates },
    );
    assert.doesNotMatch(result.stdout + result.stderr, new RegExp(secret));
  });
});
