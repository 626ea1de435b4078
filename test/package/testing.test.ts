import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type InstalledPackage, installPackage } from "./installed.ts";

/** A service of a user, without libraries. */
const APP = `
import { createServer } from "node:http";
import { captureException, counter } from "telltale";

const reads = counter("orders.read", { labels: ["shop"] });
const server = createServer((request, response) => {
  console.log("order read");
  reads.add(1, { shop: "ch" });
  if (request.url === "/orders/0") captureException(new Error("no such order"));
  response.end("{}");
});
server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\\n"));
`;

/** Tests of the user. */
const TESTS = `
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, it } from "node:test";
import {
  assertSpan, expectErrorReported, expectLogLine, expectMetric, observe, startReceiver,
} from "telltale/testing";

const timeoutMs = 120_000;
const receiver = await startReceiver();
let app;
let url;

before(async () => {
  app = spawn(process.execPath, ["--import", "telltale/register", "app.mjs"], {
    env: { ...process.env, OTEL_SERVICE_NAME: "shop", ...receiver.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(app.stdout.setEncoding("utf8"), "data");
  url = "http://127.0.0.1:" + port.trim();
});

it("reads an order", async () => {
  const seen = await observe(async () => {
    await fetch(url + "/orders/7");
    return receiver.waitForSpan({ kind: "server" }, { timeoutMs });
  }, { timeoutMs });
  const span = seen.result;
  assert.equal(span.traceId, seen.spans[0].traceId);
  assert.equal(span.attributes["url.path"], "/orders/7");
  assert.equal(span.resource["service.name"], "shop");
  await receiver.waitForLog({ body: /order read/, spanId: span.spanId }, { timeoutMs });
  await receiver.waitForMetric({ name: "orders.read", attributes: { shop: "ch" } }, { timeoutMs });
  // The requests of the receiver are not recorded.
  assert.equal(seen.spans.length, 1);
  assert.deepEqual(seen.metrics.map(({ name }) => name).filter((name) => /http.server/.test(name)), []);
});

it("reports an error", async () => {
  await fetch(url + "/orders/0");
  await receiver.waitForEvent({ level: "error" }, { timeoutMs });
  assertSpan(receiver, { kind: "server", status: "unset" });
  expectErrorReported(receiver, "no such order");
});

it("counts", async () => {
  const values = () => receiver.metrics.filter(({ name }) => name === "orders.read");
  await receiver.waitFor(() => values()[0]?.value === 2, { timeoutMs });
  assert.equal(values().length, 1);
  expectMetric(receiver, "orders.read", { shop: "ch" });
});

it("fails with the nearest span", async () => {
  const waiting = receiver.waitForSpan({ kind: "server", name: "POST" }, { timeoutMs: 50 });
  await assert.rejects(waiting, ({ message }) => {
    assert.match(message, /no span of \\d+ matches { kind: 'server', name: 'POST' }/);
    assert.match(message, /the nearest one: GET/);
    assert.match(message, /no match within 50 ms; received: \\d+ spans/);
    assert.match(message, /in the test: .*orders\\.test\\.mjs:\\d+$/);
    return true;
  });
});

it("has all of a process that has ended", async () => {
  receiver.clear();
  assert.equal(receiver.spans.length + receiver.logs.length, 0);
  await fetch(url + "/orders/9");
  app.kill("SIGTERM");
  await once(app, "exit");
  await receiver.settled();
  assertSpan(receiver, { kind: "server", attributes: { "url.path": "/orders/9" } });
  expectLogLine(receiver, "order read");
});


it("fails with the remedy if nothing came", async () => {
  const other = await startReceiver();
  await assert.rejects(other.waitForLog({ body: "x" }, { timeoutMs: 10 }), /no process has sent anything: start it with --import telltale\\/register/);
  await other.close();
  await assert.rejects(fetch(other.url));
});
`;

describe("The package's receiver", () => {
  let installed: InstalledPackage;

  before(async () => {
    installed = await installPackage();
  });

  after(() => installed.remove());

  it("has what a preloaded process sends, in the tests of a user, who leaves it open", async () => {
    const { project } = installed;
    await writeFile(join(project, "app.mjs"), APP);
    await writeFile(join(project, "orders.test.mjs"), TESTS);
    const { PATH } = process.env;
    const args = ["--test", "orders.test.mjs"];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: project, env: { PATH } }, (_, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
    assert.match(output, /pass 6\n[^]*fail 0\n/, output);
    assert.doesNotMatch(output, /telltale: /);
  });
});
