import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { parsePage } from "../../metrics/exposition.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));
const TOKEN = "5f3c0f1e9b7a4d62";
const CONFIGURED = "a92f61c07be34d85";
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

interface PageRow {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly status: number;
  readonly body: RegExp;
}

/** What each framework responds to a request. */
const ROWS: readonly PageRow[] = [
  { path: "/health", status: 200, body: /"stock"/ },
  { path: "/health/healthz", status: 200, body: /"telemetry"/ },
  { path: "/health/livez", status: 200, body: /"status": "pass"/ },
  { path: "/health/readyz?verbose", status: 200, body: /^\[\+\]stock ok\nreadyz check passed\n$/ },
  { path: "/health/readyz/stock", status: 200, body: /"stock": \{\s+"status": "pass"/ },
  { path: "/health/readyz/absent", status: 404, body: /^No such check. Available: stock/ },
  { path: "/health/app", status: 200, body: /^of the app$/ },
  { path: "/", status: 200, body: /^shop$/ },
  { path: "/metrics", headers: bearer(TOKEN), status: 200, body: /^# HELP target_info/ },
  { path: "/metrics/metrics", headers: bearer(TOKEN), status: 200, body: /^# HELP target_info/ },
  { path: "/metrics/summary", headers: bearer(TOKEN), status: 200, body: /"sinceStart"/ },
  { path: "/metrics/endpoints", headers: bearer(TOKEN), status: 200, body: /"endpoints"/ },
  { path: "/metrics", status: 401, body: /bearer token is required/ },
  { path: "/metrics", headers: bearer(`${TOKEN}0`), status: 401, body: /bearer token is required/ },
  { path: "/metrics", headers: bearer(""), status: 401, body: /bearer token is required/ },
  { path: "/open", status: 200, body: /^# HELP target_info/ },
  { path: "/asked", headers: { "x-role": "operator" }, status: 200, body: /^# HELP target_info/ },
  { path: "/asked", headers: { "x-role": "guest" }, status: 403, body: /^Forbidden/ },
  { path: "/broken", status: 500, body: /^$/ },
  { path: "/invalid", headers: bearer("7"), status: 401, body: /bearer token is required/ },
  { path: "/unprotected", status: 403, body: /TELLTALE_METRICS_TOKEN/ },
];

/** With credentials of the admin server, which apply to the app's port, too. */
const CONFIGURED_ROWS: readonly PageRow[] = [
  { path: "/unprotected", status: 401, body: /credentials are required/ },
  { path: "/unprotected", headers: bearer(CONFIGURED), status: 200, body: /^# HELP target_info/ },
  { path: "/metrics", headers: bearer(CONFIGURED), status: 401, body: /bearer token/ },
  { path: "/health", status: 200, body: /"stock"/ },
];

const NOT_PRELOADED_ROWS: readonly PageRow[] = [
  { path: "/health/readyz", status: 200, body: /"status":"pass".*not preloaded/ },
  { path: "/metrics", status: 404, body: /./ },
  { path: "/", status: 200, body: /^shop$/ },
];

describe("Pages on the app's own port", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  const run = async (
    framework: string,
    env: Readonly<Record<string, string>>,
    use: (origin: string, program: Program) => Promise<void>,
    flags: readonly string[] = preload.import,
  ): Promise<string> => {
    const all = { ...telemetryEnv(receiver), SHOP_TOKEN: TOKEN, ...env };
    const program = new Program({ file, args: [framework], flags, env: all });
    const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
    await use(`http://127.0.0.1:${found[1]}`, program);
    program.kill("SIGTERM");
    return (await program.ended).stderr;
  };

  for (const framework of ["express", "fastify", "http"]) {
    it(`are those of the admin server, for who may read them, with ${framework}`, async () => {
      const stderr = await run(framework, {}, async (origin) => {
        for (const row of ROWS) await checkRow(origin, row);
        const headers = bearer(TOKEN);
        const page = await (await fetch(`${origin}/metrics`, { headers })).text();
        assert.ok(parsePage(page).samples.length > 20);
      });
      assert.match(stderr, /no directory/);
      assert.ok(!stderr.includes(TOKEN));
    });

    it(`need the credentials of the admin server, with ${framework}`, async () => {
      const env = { TELLTALE_METRICS_TOKEN: CONFIGURED };
      await run(framework, env, async (origin) => {
        for (const row of CONFIGURED_ROWS) await checkRow(origin, row);
      });
    });

    it(`are not ready while a check fails, with ${framework}`, async () => {
      await run(framework, {}, async (origin, program) => {
        program.kill("SIGUSR2");
        await program.waitForStdout((stdout) => /down/.exec(stdout));
        await checkRow(origin, { path: "/health/readyz", status: 503, body: /"fail"/ });
        await checkRow(origin, { path: "/health/livez", status: 200, body: /"pass"/ });
      });
    });

    it(`report on the process itself without the preload, with ${framework}`, async () => {
      await run(
        framework,
        {},
        async (origin) => {
          for (const row of NOT_PRELOADED_ROWS) await checkRow(origin, row);
        },
        [],
      );
    });
  }
});

async function checkRow(origin: string, { path, headers, method, status, body }: PageRow) {
  const response = await fetch(origin + path, { method: method ?? "GET", headers: headers ?? {} });
  const text = await response.text();
  assert.equal(response.status, status, `${path}: ${text}`);
  assert.match(text, body, path);
}
