import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../free-port.ts";
import { runCli, SECRET } from "../alerts/cli-program.ts";

/** What a server does in place of Prometheus. */
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const rows: readonly {
  readonly title: string;
  readonly answer: Answer;
  readonly args?: readonly string[];
  readonly reason: string;
}[] = [
  {
    title: "rejects the token",
    answer: (response) => response.writeHead(403).end("Forbidden"),
    reason: "answered 403; check the user, password or token",
  },
  {
    title: "is no Prometheus",
    answer: (response) => response.end("<html>hello</html>"),
    reason: "answered 200; check --prometheus, which is no Prometheus HTTP API",
  },
  {
    title: "has no list of names",
    answer: (response) => response.end('{"status":"success","data":"names"}'),
    reason: "answered 200",
  },
  {
    title: "closes the connection",
    answer: (_response, request) => request.socket.destroy(),
    reason: "failed (ECONNRESET)",
  },
  {
    title: "does not answer",
    answer: () => {},
    args: ["--timeout", "0.2"],
    reason: "got no answer in time (--timeout)",
  },
];

const wrongUse: readonly (readonly [args: readonly string[], problems: readonly string[]])[] = [
  [
    ["--explain", "HighErrorRatio", "--prometheus", "http://localhost:9090"],
    ["--explain and --prometheus exclude each other"],
  ],
  [["--timeout", "5"], ["--prometheus is missing, such as http://localhost:9090"]],
  [
    ["--prometheus", "localhost:9090"],
    [
      '--prometheus: received "localhost:9090", expected a URL such as http://localhost:9090, without a query',
    ],
  ],
  [
    ["--prometheus", "http://localhost:9090", "--timeout", "0"],
    ['--timeout: received "0", expected seconds, more than 0 and at most 3600'],
  ],
  [
    ["--prometheus", "http://localhost:9090", "--prometheus-token-file", "/nowhere"],
    ["--prometheus-token-file: the file can't be read (ENOENT)"],
  ],
];

describe("telltale ops --prometheus, if Prometheus", () => {
  let folder: string;
  let config: string;
  let server: Server;
  let answer: Answer;
  let authorization: string | undefined;
  let url: string;

  before(async () => {
    server = createServer((request, response) => {
      ({ authorization } = request.headers);
      answer(response, request);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-ops-names-"));
    config = join(folder, "telltale.ops.yaml");
    writeFileSync(config, "services: { shop: {} }\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ops = (...args: readonly string[]) =>
    runCli(["ops", "--config", config, "--out", join(folder, "ops"), ...args]);

  for (const row of rows) {
    it(`${row.title}, is one line, and the files are written`, async () => {
      ({ answer } = row);
      const token = join(folder, "token");
      writeFileSync(token, SECRET);
      const where = ["--prometheus", url, "--prometheus-token-file", token];
      const { code, stdout, stderr } = await ops(...where, ...(row.args ?? []));
      assert.equal(stderr, `telltale: the names are not looked up: GET ${url}/*** ${row.reason}\n`);
      assert.equal(code, 1);
      assert.match(stdout, /^.*: \d+ files, \d+ changed\n$/);
      assert.ok(existsSync(join(folder, "ops", "prometheus", "alerts.yaml")));
      assert.equal(authorization, `Bearer ${SECRET}`);
    });
  }

  it("can't be reached, has the reason as JSON too", async () => {
    const closed = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout, stderr } = await ops("--prometheus", closed, "--json");
    const reason = `the names are not looked up: GET ${closed}/*** failed (ECONNREFUSED)`;
    assert.deepEqual([code, stderr], [1, `telltale: ${reason}\n`]);
    const { status, prometheus } = JSON.parse(stdout) as { status: string; prometheus: object };
    assert.equal(status, "done");
    assert.deepEqual(prometheus, { status: "failed", problems: [reason] });
  });

  it("is not asked by wrong use", async () => {
    answer = () => assert.fail("a request");
    for (const [args, problems] of wrongUse) {
      const { code, stdout, stderr } = await ops(...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.equal(stderr, problems.map((problem) => `telltale: ${problem}\n`).join(""));
    }
  });
});
