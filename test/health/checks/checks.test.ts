import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HealthCheckFunction, HealthCheckResult } from "../../../src/api.ts";
import * as checks from "../../../src/health/checks/checks.ts";
import type { Target } from "../../../src/health/checks/target.ts";

async function run(check: HealthCheckFunction): Promise<HealthCheckResult> {
  const result = await check({ signal: AbortSignal.timeout(5000), timeout: 5000 });
  return result ?? { status: "pass" };
}

describe("The check of", () => {
  /** Limits that always pass, and those that never do, with the reason. */
  const limits: readonly (readonly [string, HealthCheckFunction, RegExp | undefined])[] = [
    ["disk space, by default", checks.diskSpace("/proc", { minFreeRatio: 0 }), undefined],
    ["disk space in bytes", checks.diskSpace("/", { minFreeBytes: 1 }), undefined],
    [
      "disk space in more bytes than there are",
      checks.diskSpace("/", { minFreeBytes: 1e18 }),
      /^\d+ bytes \([\d.]+%\) are free, expected at least 1000000000000000000 bytes$/,
    ],
    [
      "disk space, all of it",
      checks.diskSpace("/", { minFreeRatio: 1.1 }),
      /are free, expected at least 110%$/,
    ],
    ["the heap, by default", checks.heap(), undefined],
    [
      "the heap, unused",
      checks.heap({ maxRatio: 0 }),
      /^[\d.]+% of the heap's limit are used, expected at most 0%$/,
    ],
  ];
  for (const [title, check, reason] of limits) {
    it(`${title} ${reason === undefined ? "passes" : "fails with the reason"}`, async () => {
      const { status, detail } = await run(check);
      assert.equal(status, reason === undefined ? "pass" : "fail");
      assert.match(String(detail?.["error"] ?? ""), reason ?? /^$/);
    });
  }

  it("disk space rejects for a path that doesn't exist", async () => {
    await assert.rejects(run(checks.diskSpace("/no/such/folder")), /ENOENT/);
  });

  it("the delay of the event loop fails while it is blocked, and recovers", async () => {
    const check = checks.eventLoopDelay({ max: 200 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await run(check);
    const end = performance.now() + 600;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { status, detail } = await run(check);
    assert.equal(status, "fail");
    assert.match(
      String(detail?.["error"]),
      /^the event loop is [\d.]+ ms late, expected at most 200$/,
    );
    let last: HealthCheckResult;
    do {
      await new Promise((resolve) => setTimeout(resolve, 100));
      last = await run(check);
    } while (last.status !== "pass");
  });

  /** A status, the options, and the reason of a failure. */
  const responses: readonly (readonly [
    number,
    Parameters<typeof checks.http>[1],
    RegExp | undefined,
  ])[] = [
    [200, {}, undefined],
    [204, { method: "HEAD" }, undefined],
    [302, {}, /^Error: status 302, expected 200 to 299$/],
    [302, { status: 302 }, undefined],
    [503, { headers: { "x-probe": "1" } }, /^Error: status 503, expected 200 to 299$/],
    [200, { status: 204 }, /^Error: status 200, expected 204$/],
  ];
  for (const [status, options, reason] of responses) {
    it(`HTTP with ${JSON.stringify(options)} ${reason === undefined ? "passes" : "fails"} for ${status}`, async () => {
      const server = createServer((request, response) => {
        assert.equal(request.method, options?.method ?? "GET");
        assert.equal(request.headers["x-probe"], options?.headers?.["x-probe"]);
        response.writeHead(status, { location: "/elsewhere" }).end();
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      try {
        const result = run(checks.http(`http://127.0.0.1:${port}/healthz`, options));
        if (reason === undefined) await result;
        else await assert.rejects(result, reason);
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });
  }

  it("HTTP fails with the reason of the connection", async () => {
    await assert.rejects(run(checks.http("http://127.0.0.1:1/")), /ECONNREFUSED|bad port/);
  });

  /** A client that is not there yet. */
  const absent = (() => undefined) as unknown as Target<never>;
  const { pg, mysql2, mongodb, redis, ioredis, amqplib, kafkajs } = checks;
  const clients = { pg, mysql2, mongodb, redis, ioredis, amqplib, kafkajs };
  for (const [name, create] of Object.entries(clients)) {
    it(`${name} fails without a client`, async () => {
      await assert.rejects(run(create(absent)), /^Error: there is no client$/);
    });
  }
});
