import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/collector/build.ts";
import { collector } from "../../scripts/collector/paths.ts";
import { freePorts } from "../libraries/servers/daemon.ts";

interface Row {
  readonly what: string;
  readonly respond: RequestListener;
  readonly code: 0 | 1;
  /** Text on stderr. */
  readonly stderr: RegExp;
}

const rows: readonly Row[] = [
  { what: "200", respond: (_, response) => response.end("{}"), code: 0, stderr: /^$/ },
  { what: "204", respond: (_, response) => response.writeHead(204).end(), code: 0, stderr: /^$/ },
  {
    what: "503 with its reason",
    respond: (_, response) => response.writeHead(503).end('{"status":"Server not available"}\n'),
    code: 1,
    stderr: /: 503 Service Unavailable: \{"status":"Server not available"\}\n$/,
  },
  { what: "404", respond: (_, response) => response.writeHead(404).end(), code: 1, stderr: /404/ },
  {
    what: "a redirect to what is well",
    respond: (_, response) => response.writeHead(302, { location: "/well" }).end(),
    code: 1,
    stderr: /302 Found/,
  },
  { what: "nothing", respond: () => {}, code: 1, stderr: /deadline exceeded/ },
  {
    what: "half an answer",
    respond(request, response) {
      response.writeHead(200, { "content-length": "9" });
      response.write("half", () => request.socket.destroy());
    },
    code: 1,
    stderr: /the answer broke off/,
  },
  {
    what: "a closed connection",
    respond: (request) => request.socket.destroy(),
    code: 1,
    stderr: /EOF|reset/,
  },
];

describe("The health probe", function () {
  this.timeout(10 * 60_000);
  let folder: string;
  let probe: string;
  let server: Server;
  let url: string;
  let respond: RequestListener;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-probe-"));
    probe = join(folder, "probe");
    await compile(probe, "", join(collector, "probe"));
    server = createServer((request, response) => respond(request, response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  after(async () => {
    server?.closeAllConnections();
    if (server !== undefined) await once(server.close(), "close");
    rmSync(folder, { recursive: true, force: true });
  });

  for (const row of rows) {
    it(`exits with ${row.code} for ${row.what}`, async () => {
      ({ respond } = row);
      // Only failures that look like slowness wait for the deadline.
      const timeout = row.what === "nothing" ? "300ms" : "30s";
      const { code, stderr } = await run([url], { PROBE_TIMEOUT: timeout });
      assert.match(stderr, row.stderr);
      assert.equal(code, row.code);
    });
  }

  it("reads the URL from its argument, or else from PROBE_URL", async () => {
    respond = (_, response) => response.end();
    const [unusedPort] = await freePorts(1);
    assert.equal((await run([], { PROBE_URL: url })).code, 0);
    assert.equal((await run([url], { PROBE_URL: `http://127.0.0.1:${unusedPort}` })).code, 0);
    const refused = await run([`http://127.0.0.1:${unusedPort}`], { PROBE_URL: url });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /connection refused/);
  });

  it("uses no proxy", async () => {
    respond = (_, response) => response.end();
    const { code } = await run([url], { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "x" });
    assert.equal(code, 0);
  });

  it("prints what is wrong with its arguments", async () => {
    const given = [
      [["localhost"], {}, /"localhost" is no URL/],
      [["https://a/"], {}, /"https:\/\/a\/" is no URL/],
      [[url, url], {}, /one URL at most, not 2/],
      [[url], { PROBE_TIMEOUT: "soon" }, /PROBE_TIMEOUT="soon" is no time: want one like 3s/],
      [[url], { PROBE_TIMEOUT: "-1s" }, /PROBE_TIMEOUT="-1s" is no time/],
    ] as const;
    for (const [args, env, message] of given) {
      const { code, stderr } = await run(args, env);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  it("is a static file of few MB", () => {
    assert.ok(statSync(probe).size < 8e6, `${statSync(probe).size} bytes`);
  });

  async function run(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(probe, [...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stderr };
  }
});
