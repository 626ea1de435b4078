import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import type { BenchComparison } from "../../../src/cli/bench/comparison/comparison.ts";
import { type Figures, figuresOf, rankedValue } from "../../../src/cli/bench/figures.ts";
import { sendLoad } from "../../../src/cli/bench/load.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const shop = join(import.meta.dirname, "apps", "shop.cjs");

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface BenchJson {
  readonly status: string;
  readonly endpoints: readonly { readonly name: string; readonly figures: Figures }[];
  readonly notes: readonly string[];
  readonly comparison?: BenchComparison;
}

describe("telltale bench", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-bench-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function start(
    args: readonly string[],
    variables: NodeJS.ProcessEnv = {},
    cwd = folder,
  ): ChildProcess {
    const env = { ...process.env, ...variables };
    return spawn(process.execPath, [cli, "bench", ...args], { cwd, env });
  }

  async function run(
    args: readonly string[],
    variables?: NodeJS.ProcessEnv,
    cwd?: string,
  ): Promise<Result> {
    const child = start(args, variables, cwd);
    const texts = [child.stdout, child.stderr].map(textOf);
    const [status] = (await once(child, "close")) as [number | null];
    const [stdout = "", stderr = ""] = await Promise.all(texts);
    return { status, stdout, stderr };
  }

  it("starts an app, measures it as the app counts it, keeps the result, and finds a slowdown and more queries", async () => {
    const port = await freePort();
    writeFileSync(
      join(folder, "telltale.bench.yaml"),
      `url: http://127.0.0.1:${port}\nendpoints: [/orders/7]\ntargets: { queries: 5, cache_ratio: 90% }\n`,
    );
    const options = ["--iterations", "20", "--warm-up", "5", "--max-blocks", "10", "--json"];
    const app = ["--", process.execPath, shop];
    const variables = { ...(await variablesOf(port)), DELAY_MS: "5", QUERIES: "2" };
    const first = await run([...options, "--save", ...app], variables);
    assert.equal(first.status, 0, first.stderr + first.stdout);
    const { endpoints, notes } = JSON.parse(first.stdout) as BenchJson;
    const { requests, errors, queries, cacheHits, cacheMisses } = endpoints[0]?.figures ?? {};
    assert.deepEqual([requests, errors, queries], [20, 0, 2], first.stdout);
    // The first request of the warm-up has filled the cache.
    assert.deepEqual([cacheHits, cacheMisses], [20, 0]);
    // The machine that runs the test may be busy.
    assert.deepEqual(
      notes.filter((note) => !/had no CPU/.test(note)),
      [],
    );
    assert.deepEqual(readdirSync(join(folder, ".telltale", "bench")), ["no-commit.json"]);

    const slow = { ...variables, DELAY_MS: "200", QUERIES: "4" };
    const files = ["report.md", "report.html"].flatMap((file) => ["--out", file]);
    const second = await run([...options, "--compare", ...files, ...app], slow);
    assert.equal(second.status, 1, second.stderr + second.stdout);
    const { status, comparison } = JSON.parse(second.stdout) as BenchJson;
    assert.equal(status, "found");
    assert.deepEqual(
      comparison?.endpoints.map(({ change, hasMoreQueries }) => [change, hasMoreQueries]),
      [["slower", true]],
      second.stdout,
    );
    assert.match(readFileSync(join(folder, "report.md"), "utf8"), /slower, more queries/);
    assert.match(readFileSync(join(folder, "report.html"), "utf8"), /<svg /);
    assert.equal(await listens(port), false);
  });

  it("empties and fills the caches before each block", async () => {
    const port = await freePort();
    writeFileSync(
      join(folder, "telltale.bench.yaml"),
      `url: http://127.0.0.1:${port}\nclear_cache: DELETE /cache\nendpoints: [/orders/7]\n`,
    );
    const options = ["--iterations", "8", "--blocks", "2", "--warm-up", "0", "--clear-cache"];
    const variables = { DELAY_MS: "1", QUERIES: "1" };
    const app = ["--json", "--", process.execPath, shop];
    const [cold, warm] = await Promise.all([
      run([...options, ...app], { ...variables, ...(await variablesOf(port)) }),
      (async () => {
        const other = await freePort();
        const url = ["--url", `http://127.0.0.1:${other}`];
        const more = { ...variables, ...(await variablesOf(other)) };
        return run([...options, "--warm-cache", ...url, ...app], more);
      })(),
    ]);
    const lookups = [cold, warm].map(({ stdout, stderr }) => {
      assert.ok(stdout.startsWith("{"), stderr + stdout);
      assert.doesNotMatch(stdout, /^\{"status":"wrong use"/);
      const figures = (JSON.parse(stdout) as BenchJson).endpoints[0]?.figures;
      return [figures?.cacheHits, figures?.cacheMisses];
    });
    assert.deepEqual(lookups, [
      [6, 2],
      [8, 0],
    ]);
  });

  it("measures a running service without the preload, and reports its errors", async () => {
    const server = await listening((request, response) => {
      const statuses: Readonly<Record<string, number>> = { "/a": 200, "/b": 503, "/c": 302 };
      const isLoggedIn = request.headers.cookie === "session=7";
      response.statusCode = statuses[request.url ?? ""] ?? (isLoggedIn ? 200 : 401);
      response.end();
    });
    try {
      const variables = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
      const amount = ["--iterations", "10", "--blocks", "2"];
      const args = ["/a", "POST /b", "--url", addressOf(server), ...amount];
      const { status, stdout, stderr } = await run(args, variables);
      assert.equal(status, 1, stderr);
      assert.match(stdout, /^GET \/a .* 0 {2}(?:excellent|good|needs work)$/m);
      assert.match(stdout, /^POST \/b .* 10 {2}needs work$/m);
      assert.match(stdout, /^note: no figures of queries and caches/m);
      assert.match(stdout, /^POST \/b: errors 100%, the target is at most 0%$/m);
      assert.match(stdout, /^note: 10 of 10 responses of POST \/b have the status 503$/m);
      assert.match(stderr, /^telltale bench: block 2 of 2 \(50%\)$/m);

      const pages = ["/c", "/login", "--url", addressOf(server), ...amount];
      const refused = await run(pages, variables);
      assert.match(refused.stdout, /responses of GET \/c have the status 302, a redirect that/);
      assert.match(refused.stdout, /responses of GET \/login have the status 401: .* --header/);
      const allowed = await run([...pages, "--header", "cookie: session=7"], variables);
      assert.doesNotMatch(allowed.stdout, /status 401/);
    } finally {
      await closed(server);
    }
  });

  it("ends with 2 and one line if there is nothing to measure", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const noResult = join(folder, "no-result.json");
    writeFileSync(noResult, '{"version":1,"endpoints":[{"name":"GET /"}]}');
    const rows = [
      [[url], /^telltale: GET \/ does not respond: ECONNREFUSED$/m],
      [[url, "--", "no-such-command"], /^telltale: the command can't be started: ENOENT$/m],
      [
        [url, "--", process.execPath, "-e", "console.error('no database'); process.exit(3)"],
        /^telltale: the app has ended with exit code 3\ntelltale: {3}no database$/m,
      ],
      [[url, "--compare", "main"], /^telltale: --compare: there is no baseline "main" in /m],
      [[url, `--compare=${noResult}`], /^telltale: --compare: .* is no result of telltale bench$/m],
      [[], /^telltale: there is no endpoint: /m],
    ] as const;
    for (const [args, expected] of rows) {
      const { status, stderr } = await run(args);
      assert.deepEqual([status, expected.test(stderr)], [2, true], stderr);
    }
  });

  it("ends with 2 and one line if the app ends meanwhile, or does not respond any more", async () => {
    const port = await freePort();
    const program = `let count = 0;
      require("node:http").createServer((request, response) => {
        if (count++ < 30) return response.end();
        console.error("out of memory");
        process.exit(3);
      }).listen(${port}, "127.0.0.1")`;
    const amount = ["--iterations", "100", "--warm-up", "0"];
    const app = ["--", process.execPath, "-e", program];
    const ended = await run([`http://127.0.0.1:${port}/`, ...amount, ...app]);
    assert.equal(ended.status, 2, ended.stdout);
    assert.match(
      ended.stderr,
      /^telltale: while it was measured, the app has ended with exit code 3\ntelltale: {3}out of memory$/m,
    );

    let count = 0;
    const server = await listening((request, response) => {
      if (count++ < 30) response.end();
      else request.socket.destroy();
    });
    try {
      const { status, stdout, stderr } = await run([addressOf(server), ...amount]);
      assert.equal(status, 2, stdout);
      assert.match(stderr, /^telltale: GET \/ does not respond any more: \w+/m);
    } finally {
      await closed(server);
    }
  });

  it("compares two apps in one run: of another folder, or at another address", async () => {
    const [mine, other] = ["mine", "other"].map((name) => join(folder, name));
    assert.ok(mine !== undefined && other !== undefined);
    for (const [one, delayMs] of [
      [mine, 150],
      [other, 20],
    ] as const) {
      mkdirSync(one);
      const program = `require("node:http").createServer((request, response) => {
        setTimeout(() => response.end(), ${delayMs});
      }).listen(process.env.PORT, "127.0.0.1")`;
      writeFileSync(join(one, "app.cjs"), program);
    }
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const options = ["--iterations", "20", "--warm-up", "1", "--max-blocks", "10", "--json"];
    const app = ["--", process.execPath, "app.cjs"];
    const variables = { PORT: String(port) };
    const args = [url, ...options, "--against", other, ...app];
    const { status, stdout, stderr } = await run(args, variables, mine);
    assert.equal(status, 1, stderr + stdout);
    const { comparison } = JSON.parse(stdout) as BenchJson;
    assert.equal(comparison?.baseline, other);
    const [{ change, ratio } = { change: "", ratio: 0 }] = comparison.endpoints;
    assert.deepEqual([change, ratio > 1.5], ["slower", true], stdout);
    assert.equal(await listens(port), false);

    const missing = await run([url, "--against", join(folder, "none"), ...app], variables, mine);
    assert.deepEqual(
      [missing.status, /^telltale: --against: there is no folder /m.test(missing.stderr)],
      [2, true],
      missing.stderr,
    );
  });

  it("ends the app at Ctrl-C, and prints the figures so far", async () => {
    const port = await freePort();
    const args = [`http://127.0.0.1:${port}/orders/7`, "--duration", "20s", "--blocks", "40"];
    const variables = { PORT: String(port), DELAY_MS: "1", QUERIES: "1" };
    const child = start([...args, "--", process.execPath, shop], variables);
    const ended = once(child, "exit") as Promise<[number | null]>;
    const output = textOf(child.stdout);
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (part: string) => (text += part));
    await pollUntilTrue(
      () => text.includes("block 2 of 40"),
      () => `the second block: ${text}`,
    );
    child.kill("SIGINT");
    assert.deepEqual((await ended)[0], 130, text);
    const printed = await output;
    assert.match(printed, /^GET \/orders\/7 .* excellent|good|needs work$/m);
    assert.match(printed, /^note: interrupted: these are the figures of the blocks so far/m);
    assert.equal(await listens(port), false);
  });
});

describe("The load of telltale bench", () => {
  it("has the figures that autocannon reports of the same responses, within 3%", async () => {
    let count = 0;
    const server = await listening((_request, response) => {
      setTimeout(() => response.end("{}"), 40 + (count++ % 20));
    });
    try {
      const durations: number[] = [];
      const reported = await autocannon({
        ...{ url: addressOf(server), connections: 10, amount: 400 },
        setupClient: (client) => {
          client.on("response", (_status, _bytes, ms) => durations.push(ms));
        },
      });
      const load = { durations, statuses: new Map(), failures: 0, failure: undefined };
      const block = {
        load: { ...load, elapsedMs: 1, runDelayMs: 0 },
        counts: undefined,
        machineMs: 1,
      };
      const { mean, p50, p99, max } = figuresOf([block], undefined);
      const p975 = rankedValue(
        durations.toSorted((a, b) => a - b),
        0.975,
      );
      const { latency } = reported;
      const rows = [
        ["mean", mean, latency.average],
        ["p50", p50, latency.p50],
        ["p97.5", p975, latency.p97_5],
        ["p99", p99, latency.p99],
        ["max", max, latency.max],
      ] as const;
      assert.equal(durations.length, 400);
      for (const [name, own, theirs] of rows)
        assert.ok(Math.abs(own / theirs - 1) < 0.03, `${name}: ${own}, autocannon ${theirs}`);
    } finally {
      await closed(server);
    }
  });

  it("sends as many requests as it shall, in so many connections, with headers and body", async () => {
    const connections = new Set<unknown>();
    const seen = new Map<string, number>();
    const server = await listening((request, response) => {
      connections.add(request.socket);
      void textOf(request).then((body) => {
        const key = [request.method, request.url, request.headers["x-id"], body].join(" ");
        seen.set(key, (seen.get(key) ?? 0) + 1);
        response.statusCode = 201;
        response.end();
      });
    });
    try {
      const endpoint = {
        ...{ name: "a", method: "POST", url: `${addressOf(server)}/a?b=1`, body: "text" },
        ...{ headers: { "x-id": "7" }, status: undefined, targets: {} },
      };
      const options = { connections: 4, amount: { requests: 42 }, timeoutSeconds: 10 };
      const { durations, statuses, failures } = await sendLoad(endpoint, options);
      assert.deepEqual([durations.length, [...statuses], failures], [42, [[201, 42]], 0]);
      assert.deepEqual([...seen], [["POST /a?b=1 7 text", 42]]);
      assert.equal(connections.size, 4);
    } finally {
      await closed(server);
    }
  });

  it("does not count the time of another request after a connection was closed", async () => {
    let count = 0;
    const server = await listening((request, response) => {
      if (count++ % 3 === 1) request.socket.destroy();
      else response.end();
    });
    try {
      const endpoint = {
        ...{ name: "a", method: "GET", url: addressOf(server), body: undefined },
        ...{ headers: {}, status: undefined, targets: {} },
      };
      const startedAt = performance.now();
      const options = { connections: 1, amount: { requests: 15 }, timeoutSeconds: 10 };
      const { durations } = await sendLoad(endpoint, options);
      assert.ok(durations.length > 0 && durations.length <= 15);
      const total = durations.reduce((sum, ms) => sum + ms, 0);
      // One connection has one request at a time.
      assert.ok(total <= performance.now() - startedAt, String(durations));
    } finally {
      await closed(server);
    }
  });
});

async function textOf(stream: Readable | null): Promise<string> {
  let text = "";
  for await (const chunk of stream?.setEncoding("utf8") ?? []) text += String(chunk);
  return text;
}

async function listening(listener: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/**
 * Returns the ports of an app. That of the admin server, which has the counts, would else be one
 * that another process may get before the app listens.
 */
async function variablesOf(port: number): Promise<Record<string, string>> {
  return { PORT: String(port), OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
