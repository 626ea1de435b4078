import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

describe("The packages of propagators", () => {
  const program = fileURLToPath(new URL("loaded.ts", import.meta.url));
  const rows: [names: string[], before: string[]][] = [
    [["tracecontext", "baggage"], []],
    [["tracecontext", "sentry", "jaeger"], []],
    [["b3"], ["@opentelemetry/propagator-b3"]],
    [["xray"], ["@opentelemetry/propagator-aws-xray"]],
  ];
  for (const [names, early] of rows) {
    it(`are loaded only when they are needed (${names.join(", ")})`, () => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [...process.execArgv, program, ...names],
        {
          encoding: "utf8",
        },
      );
      const [start, plain, sentry] = (JSON.parse(stdout || `"${stderr}"`) as string[][]).map(
        (loaded) => loaded.filter((name) => /sentry|propagator/.test(name)),
      );
      assert.deepEqual(start, early);
      assert.deepEqual(plain, early);
      assert.ok(sentry?.includes("@sentry/opentelemetry"), stdout);
    });
  }
});
