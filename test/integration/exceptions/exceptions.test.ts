import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("app.mjs", import.meta.url));

/** Counts by place, type, and whether the app has captured the exception. */
const EXPECTED: Readonly<Record<string, number>> = {
  "GET /fail/:id: TypeError, unhandled": 2,
  "GET /captured: RangeError, handled": 1,
  "GET /both: ENOSTOCK, handled": 1,
  "GET /text: _OTHER, unhandled": 1,
  "GET /hostile: _OTHER, unhandled": 1,
  "GET /named/:id: Error of order *, unhandled": 2,
  "job nightly-*: SyntaxError, unhandled": 1,
  "process: URIError, handled": 1,
};

describe("The metric of exceptions", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  for (const [title, sentry] of Object.entries({ with: true, without: false })) {
    it(`counts each once, by route or job and type, ${title} Sentry`, async () => {
      const { SENTRY_DSN, ...env } = telemetryEnv(receiver);
      const { code, stdout, stderr } = await new Program({
        file,
        flags: preload.import,
        env: {
          ...env,
          ...(sentry && { SENTRY_DSN: SENTRY_DSN! }),
          OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
        },
      }).ended;
      assert.deepEqual([code, stderr], [0, ""]);
      const samples = samplesOf(parsePage(stdout.trimEnd() + "\n"), "telltale_exceptions_total");
      assert.deepEqual(
        Object.fromEntries(samples.map(({ labels, value }) => [describeLabels(labels), value])),
        EXPECTED,
      );
    });
  }
});

function describeLabels(labels: Readonly<Record<string, string>>): string {
  const { http_request_method: method, http_route: route, telltale_job_name: job } = labels;
  const place = job === undefined ? route && `${method} ${route}` : `job ${job}`;
  const handled = labels["telltale_exception_handled"] === "true" ? "handled" : "unhandled";
  return `${place ?? "process"}: ${labels["error_type"]}, ${handled}`;
}
