import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type AppProcess, spawnAppProcess, startAppProcess } from "../../admin/child.ts";
import { makeCertificates } from "../../export/certificates.ts";
import { freePort } from "../../free-port.ts";

const cli = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const TOKEN = "0123456789abcdef-token";

type Variables = Readonly<Record<string, string>>;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: Variables): Promise<Result> {
  const child = spawn(process.execPath, [cli, "health", ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

describe("telltale health", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-health-"));
    const { server } = makeCertificates();
    writeFileSync(join(folder, "tls.crt"), server.cert);
    writeFileSync(join(folder, "tls.key"), server.key);
    writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Variables of the app, which the command has, too. */
  const servers: readonly (readonly [string, () => Variables])[] = [
    ["on 127.0.0.1", () => ({})],
    ["on all addresses", () => ({ OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" })],
    [
      "that requires a token",
      () => ({ TELLTALE_METRICS_TOKEN: TOKEN, TELLTALE_PROBES_AUTH: "true" }),
    ],
    [
      "that requires a token of a file",
      () => ({ TELLTALE_METRICS_TOKEN_FILE: join(folder, "token"), TELLTALE_PROBES_AUTH: "true" }),
    ],
    [
      "that requires a password",
      () => ({
        TELLTALE_METRICS_USERNAME: "probe",
        TELLTALE_METRICS_PASSWORD: TOKEN,
        TELLTALE_PROBES_AUTH: "true",
      }),
    ],
  ];
  for (const [title, variables] of servers) {
    it(`asks a server ${title}`, async () => {
      const env = { OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1", ...variables() };
      await withApp(env, async (app, all) => {
        const ready = await run([], all);
        assert.deepEqual([ready.code, ready.stderr], [0, ""]);
        assert.match(
          ready.stdout,
          /^http:\/\/127\.0\.0\.1:\d+\/readyz: healthy, status 200, pass \(\d+ ms\)\n$/,
        );
        await app.command("drain");
        const draining = await run([], all);
        assert.equal(draining.code, 1);
        assert.match(
          draining.stdout,
          /\/readyz: not healthy, status 503, fail, shutdown: the process is shutting down/,
        );
        assert.equal((await run(["--path", "/livez"], all)).code, 0);
        assert.equal((await run(["--path", "/readyz/absent"], all)).code, 1);
        const json = JSON.parse((await run(["--json"], all)).stdout) as Record<string, unknown>;
        assert.deepEqual([json["status"], json["httpStatus"]], ["unhealthy", 503]);
      });
    });
  }

  it("asks a server with its own certificate", async () => {
    const env = {
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      TELLTALE_ADMIN_CERTIFICATE: join(folder, "tls.crt"),
      TELLTALE_ADMIN_KEY: join(folder, "tls.key"),
    };
    const port = String(await freePort());
    const all = { ...env, OTEL_EXPORTER_PROMETHEUS_PORT: port };
    const app = await spawnAppProcess("stay", all);
    try {
      let result: Result;
      do result = await run([], all);
      while (result.stdout.includes("ECONNREFUSED"));
      assert.deepEqual([result.code, result.stderr], [0, ""], result.stdout);
      const other = await run(["--url", `https://127.0.0.1:${port}/livez`], all);
      assert.equal(other.code, 1, "without the certificate");
    } finally {
      await app.stop();
    }
  });

  it("reports that there is no server, and one without a response", async () => {
    const port = String(await freePort());
    const refused = await run([], { OTEL_EXPORTER_PROMETHEUS_PORT: port });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /not healthy, ECONNREFUSED/);
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const hanging = await run(["--url", url, "--timeout", "0.2"], {});
    assert.equal(hanging.code, 1);
    assert.match(hanging.stdout, /not healthy, no response within 200 ms/);
    silent.close();
  });

  const misuses: readonly (readonly [readonly string[], Variables, RegExp])[] = [
    [["--pth", "/livez"], {}, /option --pth is not known, did you mean --path/],
    [["--path", "livez"], {}, /--path: received "livez", expected a path such as \/readyz/],
    [["--url", "localhost:9464"], {}, /--url: expected an address that begins with http/],
    [["--timeout", "0"], {}, /--timeout: received "0", expected seconds/],
    [
      [],
      { OTEL_EXPORTER_PROMETHEUS_PORT: "0" },
      /OTEL_EXPORTER_PROMETHEUS_PORT is 0, .*pass --url/,
    ],
    [
      [],
      { TELLTALE_METRICS_TOKEN_FILE: "/no/such/file" },
      /TELLTALE_METRICS_TOKEN_FILE: its file can't be read \(ENOENT\)/,
    ],
  ];
  for (const [args, env, line] of misuses) {
    it(`reports ${[...args, ...Object.keys(env)].join(" ")} as wrong use`, async () => {
      const { code, stdout, stderr } = await run(args, env);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, line);
    });
  }
});

async function withApp(
  env: Variables,
  use: (app: AppProcess, env: Variables) => Promise<void>,
): Promise<void> {
  const port = String(await freePort());
  const all = { ...env, OTEL_EXPORTER_PROMETHEUS_PORT: port };
  const app = await startAppProcess(all);
  try {
    await use(app, all);
  } finally {
    await app.stop();
  }
}
