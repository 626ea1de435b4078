import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import type { Received } from "../../../src/testing/store.ts";
import { type Proxy, startProxy } from "../../collector/support/proxy.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { node } from "../../nodes.ts";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { Program, type ProgramResult } from "../program.ts";
import type { AttributeLimits, DirectExport } from "./vendor-row.ts";
import { commandsOf, vendorRows } from "./vendors.ts";
import { VendorServer } from "./vendor-server.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const page = fileURLToPath(new URL("../../../docs/vendors.md", import.meta.url));

/** The requests that the app serves. */
const ORDERS = 5;
/** More than fits into one request of any vendor: 5 MB of text that can't be compressed, and 1,500 points. */
const MANY_ORDERS = 300;
const MANY_SERIES = 1500;
const WRONG_KEY = "wrong-key-4711";

/**
 * Runs the commands of docs/vendors.md as they are, with the addresses of the vendors: a
 * proxy connects all of them to a server on this host, which has a certificate for them
 * and behaves as their documentation states.
 */
describe("With the variables of docs/vendors.md", () => {
  let certificates: Certificates;
  let caFile: string;

  before(() => {
    const hosts = vendorRows.flatMap(({ direct }) => (direct === undefined ? [] : hostsOf(direct)));
    certificates = makeCertificates(...hosts);
    caFile = join(mkdtempSync(join(tmpdir(), "telltale-vendors-")), "ca.pem");
    writeFileSync(caFile, certificates.ca);
  });

  after(() => rmSync(dirname(caFile), { recursive: true, force: true }));

  for (const { vendor, direct } of vendorRows) {
    if (direct === undefined) continue;
    describe(vendor.name, () => {
      let server: VendorServer;
      let proxy: Proxy;
      let env: Record<string, string>;

      before(async () => {
        const { otherHost } = certificates;
        server = new VendorServer({ direct, tls: otherHost, temporality: vendor.temporality });
        proxy = await startProxy(await server.start());
        env = { ...quietEnv, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: caFile };
      });

      after(async () => {
        await proxy?.close();
        await server?.close();
      });

      it("gets every signal that it accepts, within its limits, also after 429", async () => {
        server.limitRate();
        const { stderr } = await runApp(direct, { ...env, ...direct.secrets });
        assert.deepEqual(signalsOf(server), Object.keys(direct.endpoints).toSorted());
        assert.deepEqual(
          [...proxy.connectTargets].toSorted(),
          hostsOf(direct).map((host) => `${host}:443`),
        );
        assert.deepEqual(statusesOf(server, direct), ["429"]);
        assertComplete(server.received, direct, ORDERS);
        if (direct.attributes !== undefined) assertLimited(server.received, direct.attributes);
        assert.equal(stderr, "");
      });

      if (Object.values(direct.endpoints).some(({ limit }) => limit !== undefined)) {
        it("gets more than fits into one request, in several", async () => {
          server.clear();
          const large = {
            ORDERS: String(MANY_ORDERS),
            SERIES: String(MANY_SERIES),
            NOTES: "4200,4200,4200,4200",
          };
          const { stderr } = await runApp(direct, {
            ...env,
            ...slowBatches,
            ...direct.secrets,
            ...large,
          });
          assertComplete(server.received, direct, MANY_ORDERS);
          const points = pointsOf(server.received, "shop.stock.changes");
          assert.equal(new Set(points).size, MANY_SERIES);
          const statuses = statusesOf(server, direct);
          assert.deepEqual(statuses, ["413"], stderr);
          for (const line of stderr.trimEnd().split("\n"))
            assert.ok(isDocumentedMessage(line), line);
          for (const line of stderr.trimEnd().split("\n"))
            assert.match(
              line,
              /^telltale: \d+ \D+ are too many for one request to .* \(sent in smaller/,
            );
        });
      }

      it("accepts the test items of doctor, and has a line and a finding for a wrong key, without the key", async () => {
        const wrong = Object.fromEntries(
          Object.keys(direct.secrets).map((name) => [name, WRONG_KEY]),
        );
        const [right, { stderr }, { findings, output }] = await Promise.all([
          runDoctor(direct, { ...env, ...direct.secrets }),
          runApp(direct, { ...env, ...wrong }),
          runDoctor(direct, { ...env, ...wrong }),
        ]);
        assert.deepEqual(
          right.findings.filter(({ id }) => /^(endpoint|tls|vendor)-/.test(id)),
          [],
        );
        const lines = stderr.trimEnd().split("\n");
        assert.equal(lines.length, hostsOf(direct).length, stderr);
        for (const line of lines) {
          assert.ok(line.includes(`answered ${direct.statuses.wrong} `), line);
          assert.match(line, /check OTEL_EXPORTER_OTLP_HEADERS/);
        }
        const found = findings.filter(({ id }) => id === "endpoint-credentials");
        assert.equal(found.length, hostsOf(direct).length, output);
        for (const secret of [WRONG_KEY, Buffer.from(WRONG_KEY).toString("base64").slice(0, 12)])
          assert.ok(!`${stderr}${output}`.includes(secret));
      });
    });
  }
});

describe("docs/vendors.md", () => {
  it("has the commands of each vendor", () => {
    const text = readFileSync(page, "utf8");
    for (const { vendor, direct } of vendorRows) {
      assert.ok(text.includes(`\n## ${vendor.name}\n`), vendor.name);
      if (direct !== undefined) assert.ok(text.includes(commandsOf(direct)), vendor.name);
    }
  });

  it("has a source or none for each fact, and an address of the vendor in each command", () => {
    for (const { vendor, direct, facts } of vendorRows) {
      for (const { source } of facts) assert.match(source ?? "https://", /^https:\/\//);
      for (const host of direct === undefined ? [] : hostsOf(direct))
        assert.match(host, vendor.hosts);
    }
  });
});

const quietEnv: Readonly<Record<string, string>> = {
  PATH: [dirname(node), process.env["PATH"]].join(delimiter),
  NODE_USE_ENV_PROXY: "1",
  OTEL_SERVICE_NAME: "shop",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
  // A busy machine is slow, and the test counts log records.
  TELLTALE_SLOW_REQUEST_MS: "0",
  TELLTALE_EVENT_LOOP_STALL_MS: "0",
  TELLTALE_FLUSH_TIMEOUT: "60000",
  ORDERS: String(ORDERS),
};

/** Batches are sent when they are full, or flushed. */
const slowBatches: Readonly<Record<string, string>> = {
  OTEL_BSP_SCHEDULE_DELAY: "3600000",
  OTEL_BLRP_SCHEDULE_DELAY: "3600000",
};

function hostsOf({ endpoints }: DirectExport): string[] {
  const hosts = Object.values(endpoints).map(({ url }) => new URL(url).hostname);
  return [...new Set(hosts)].toSorted();
}

function signalsOf(server: VendorServer): string[] {
  const all = server.answers.filter(({ status }) => status < 300).map(({ signal }) => signal);
  return [...new Set(all)].map(String).toSorted();
}

/** Returns the statuses of answers other than success. */
function statusesOf({ answers }: VendorServer, { endpoints }: DirectExport): string[] {
  const expected = new Set(
    Object.values(endpoints).map(({ successStatus }) => successStatus ?? 200),
  );
  const others = answers
    .map(({ status }) => status)
    .filter((status) => !expected.has(status as 200));
  return [...new Set(others)].map(String);
}

/** Runs the commands of the page until all is sent, and ends the app. */
async function runApp(
  direct: DirectExport,
  env: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const commands = commandsOf(direct).replace("\nnode ", "\nexec node ");
  const program = new Program({ node: "/bin/sh", flags: ["-c"], file: commands, cwd: folder, env });
  await program.waitForStdout((stdout) => stdout.includes("flushed") || undefined);
  program.kill("SIGTERM");
  return program.ended;
}

async function runDoctor(
  direct: DirectExport,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly findings: readonly Finding[]; readonly output: string }> {
  const commands = commandsOf(direct).replace(/\nnode .*$/, `\nexec node '${cli}' doctor --json`);
  const program = new Program({ node: "/bin/sh", flags: ["-c"], file: commands, cwd: folder, env });
  const { stdout, stderr } = await program.ended;
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return { findings, output: `${stdout}${stderr}` };
}

/** Each request of the app is there once. */
function assertComplete(received: Received, { endpoints }: DirectExport, orders: number): void {
  const spans = received.spans.filter(({ kind }) => kind === "SERVER");
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, orders);
  assert.equal(spans.length, orders);
  assert.equal(received.logs.length, orders);
  if (endpoints.metrics !== undefined) assert.equal(countedRequests(received), orders);
}

/** Returns the attributes of all points of a metric, as text. */
function pointsOf({ metrics }: Received, wanted: string): string[] {
  return metrics
    .filter(({ name }) => name === wanted)
    .flatMap(({ points }) => points.map(({ attributes }) => JSON.stringify(attributes)));
}

/** Returns the requests in the histogram: the sum of the deltas, or the last total. */
function countedRequests({ metrics }: Received): number {
  const exports = metrics.filter(({ name }) => name === "http.server.request.duration");
  const counts = exports.map(({ points }) =>
    points.reduce((sum, { count }) => sum + (count ?? 0), 0),
  );
  if (exports[0]?.temporality === "cumulative") return counts.at(-1) ?? 0;
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Attributes are truncated to what the vendor keeps, and not lost without need. */
function assertLimited({ spans, logs }: Received, limits: AttributeLimits): void {
  const { valueLength, spanCount = Infinity, recordCount = Infinity } = limits;
  const lengths = [...spans, ...logs].flatMap(({ attributes }) =>
    Object.values(attributes).map((value) => (typeof value === "string" ? value.length : 0)),
  );
  assert.equal(Math.max(...lengths), valueLength);
  const counts = (items: readonly { readonly attributes: object }[]): number =>
    Math.max(...items.map(({ attributes }) => Object.keys(attributes).length));
  assert.ok(counts(spans) <= spanCount && counts(logs) <= recordCount);
}
