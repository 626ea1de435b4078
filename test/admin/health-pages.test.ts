import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { healthPage, isHealthPath } from "../../src/admin/health-pages.ts";
import { createHealth } from "../../src/health/health.ts";
import { createMetricsPipeline } from "../metrics/metrics-fixture.ts";

/** Returns the page of a process with three checks. */
async function pageOf(url: string, isDraining = false): Promise<{ status: number; body: string }> {
  const { metrics: _metrics, ...fixture } = createMetricsPipeline({ OTEL_LOGS_EXPORTER: "none" });
  const health = createHealth(fixture);
  health.register({ name: "database", run: () => ({ status: "pass" }) });
  const error = new Error("no route\nto host");
  health.register({ name: "search", critical: false, run: () => Promise.reject(error) });
  health.register({ name: "a b/c", run: () => ({ status: "warn" }) });
  await health.ready();
  if (isDraining) health.startDraining();
  const path = url.split("?", 1)[0]!;
  const { status, body } = await healthPage(path, { url } as IncomingMessage, {
    ...fixture,
    health,
  });
  return { status, body: String(body) };
}

const SEARCH = "[-]search failed: no route to host (not critical)";

/** A page in its verbose form: its status and its lines. */
const verbose: readonly (readonly [string, number, readonly string[]])[] = [
  ["/livez?verbose", 200, ["livez check passed"]],
  [
    "/readyz?verbose",
    200,
    ["[+]database ok", SEARCH, "[+]a b/c ok, with a warning", "readyz check passed"],
  ],
  [
    "/readyz?verbose&exclude=search&exclude=a%20b/c",
    200,
    ["[+]database ok", "[+]search excluded: ok", "[+]a b/c excluded: ok", "readyz check passed"],
  ],
  ["/readyz/search?verbose", 200, [SEARCH, "readyz check passed"]],
  ["/healthz/event_loop?verbose=1", 200, ["[+]event_loop ok", "healthz check passed"]],
  ["/readyz/a%20b%2Fc?verbose", 200, ["[+]a b/c ok, with a warning", "readyz check passed"]],
];

/** A page with JSON: its status, the status within, and its checks. */
const json: readonly (readonly [string, number, string, readonly string[]])[] = [
  ["/livez", 200, "pass", []],
  ["/readyz", 200, "warn", ["database", "search", "a b/c"]],
  ["/readyz/", 200, "warn", ["database", "search", "a b/c"]],
  ["/readyz/database", 200, "pass", ["database"]],
  ["/healthz/search", 200, "warn", ["search"]],
  ["/readyz?exclude=search&exclude=a b/c", 200, "pass", ["database"]],
  ["/healthz", 200, "warn", ["event_loop", "export_spans", "database", "search", "a b/c"]],
];

describe("The pages of health", () => {
  for (const [url, status, lines] of verbose) {
    it(`at ${url} have a line for each check`, async () => {
      assert.deepEqual(await pageOf(url), { status, body: [...lines, ""].join("\n") });
    });
  }

  for (const [url, status, result, names] of json) {
    it(`at ${url} have the checks ${names.join(", ") || "of none"}`, async () => {
      const page = await pageOf(url);
      const content = JSON.parse(page.body) as { status: string; checks: object };
      assert.deepEqual(
        [page.status, content.status, Object.keys(content.checks)],
        [status, result, names],
      );
    });
  }

  for (const [url, names] of [
    ["/readyz/absent", "database, search, a b/c"],
    ["/readyz/%E0%A4%A", "database, search, a b/c"],
    ["/readyz/__proto__", "database, search, a b/c"],
    ["/livez/database", "none"],
  ] as const) {
    it(`are not found at ${url}`, async () => {
      const body = `No such check. Available: ${names}.\n`;
      assert.deepEqual(await pageOf(url), { status: 404, body });
    });
  }

  it("have the reason of a 503", async () => {
    const { status, body } = await pageOf("/readyz", true);
    const content = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual(
      [status, content["status"], content["state"], content["reason"]],
      [503, "fail", "draining", "shutdown: the process is shutting down"],
    );
    assert.match(
      (await pageOf("/readyz?verbose", true)).body,
      /^\[-\]shutdown failed: the process/m,
    );
    assert.equal((await pageOf("/livez?verbose", true)).status, 200);
  });

  it("have no other paths", () => {
    for (const path of ["/livezz", "/readyz.json", "/", "/metrics", "/x/readyz"])
      assert.equal(isHealthPath(path), false, path);
  });
});
