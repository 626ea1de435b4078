import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { preload, Program } from "../../integration/program.ts";

const quiet = {
  NODE_ENV: "test",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
};

const modes = [
  { how: "preloaded", env: {} },
  { how: "with middleware spans", env: { TELLTALE_MIDDLEWARE_SPANS: "express,fastify,koa" } },
];

describe("An unhandled rejection in a framework", () => {
  for (const framework of ["express4", "fastify", "koa"]) {
    for (const { how, env } of modes) {
      it(`ends the process as without the preload: ${framework}, ${how}`, async () => {
        const bare = await end(framework, [], {});
        assert.match(bare.error, /^Error: failed /);
        assert.equal(bare.code, 1);
        assert.deepEqual(await end(framework, preload.import, env), bare);
      });
    }
  }
});

async function end(
  framework: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; error: string }> {
  const file = fileURLToPath(new URL("apps/unhandled-rejection.mjs", import.meta.url));
  const program = new Program({ file, flags, args: [framework], env: { ...quiet, ...env } });
  const { code, stderr } = await program.ended;
  return { code, error: /^Error: .*$/m.exec(stderr)?.[0] ?? stderr };
}
