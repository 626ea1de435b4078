import assert from "node:assert/strict";
import { freePort } from "../../free-port.ts";
import { ServiceProcess } from "./service.ts";

/** One message of each level: an invalid variable (warning), and no collector (error). */
const output = {
  report: /OTEL_TRACES_SAMPLER: received "often"/,
  outage: /cannot send spans/,
  debug: /metrics and health are on 127\.0\.0\.1:\d+/,
};

const rows: readonly { level: string; lines: readonly (keyof typeof output)[] }[] = [
  { level: "none", lines: [] },
  { level: "error", lines: ["outage"] },
  { level: "warn", lines: ["report", "outage"] },
  { level: "info", lines: ["report", "outage"] },
  { level: "debug", lines: ["report", "debug", "outage"] },
];

describe("OTEL_LOG_LEVEL", () => {
  afterEach(() => ServiceProcess.killAll());

  for (const { level, lines } of rows) {
    it(`${level} logs ${lines.join(", ") || "nothing"}`, async () => {
      const service = await ServiceProcess.start({
        OTEL_LOG_LEVEL: level,
        OTEL_TRACES_SAMPLER: "often",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_OTLP_TIMEOUT: "1500",
        OTEL_BSP_SCHEDULE_DELAY: "10",
      });
      await service.get();
      await service.waitForCounts(({ spans }) => spans["failed"] === 1);
      const { signal } = await service.end();
      assert.equal(signal, "SIGTERM");
      for (const [name, pattern] of Object.entries(output)) {
        const expected = lines.includes(name as keyof typeof output);
        assert.equal(pattern.test(service.stderr), expected, `${name}: ${service.stderr}`);
      }
      assert.equal(service.stderr === "", lines.length === 0);
    });
  }
});
