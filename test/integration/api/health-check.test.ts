import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program } from "../program.ts";

const file = fileURLToPath(new URL("apps/health-check.mjs", import.meta.url));

describe("addHealthCheck", () => {
  it("decides on /readyz and /healthz, and not on /livez", async () => {
    const port = await freePort();
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const program = new Program({ file, flags: preload.import, env });
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    await program.waitForStdout((stdout) => /ready/.exec(stdout));
    await pollUntilTrue(
      () =>
        get("/readyz").then(
          ({ ok }) => ok,
          () => false,
        ),
      "/readyz",
    );
    const { checks } = (await (await get("/readyz")).json()) as { checks: unknown };
    assert.deepEqual(checks, { database: { status: "pass", detail: { host: "db1" } } });
    program.kill("SIGUSR2");
    await program.waitForStdout((stdout) => /unavailable/.exec(stdout));
    await pollUntilTrue(async () => (await get("/readyz")).status === 503, "503 of /readyz");
    assert.equal((await get("/healthz")).status, 503);
    assert.equal((await get("/livez")).status, 200);
    program.kill("SIGKILL");
    await program.ended;
  });
});
