import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "mocha";
import { PrometheusServer } from "../../collector/support/prometheus.ts";
import { freePort } from "../../free-port.ts";
import { goToolOrSkip, programOrSkip } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { runCli } from "../alerts/cli-program.ts";
import { preload, Program } from "../program.ts";

const file = fileURLToPath(new URL("app.mjs", import.meta.url));

/** All that the options can name, as the app has it. */
const RIGHT = `
services:
  shop: { team: web }
business:
  shop_orders_total:
    by: [organization, result]
prometheus:
  targets: { shop: ["shop:9464"] }
slo:
  from: sloth.yaml
  objectives:
    - name: pages
      service: shop
      objective: 99
      availability: { routes: [/orders/:id, "/carts/:id"] }
    - name: pages-latency
      service: shop
      objective: 99
      latency: { threshold: 1s, routes: [/orders/:id] }
    - name: invoices
      service: shop
      objective: 99
      freshness: { job: nightly-invoices, within: 26h }
    - name: mails
      service: shop
      objective: 99
      freshness: { queue: mails, within: 5m }
    - name: orders
      service: shop
      objective: 99
      ratio:
        total: shop_orders_total{organization=~"ac.*"}
        failed: shop_orders_total{result="failed"}
        by: organization
`;

const SLOTH = `
version: prometheus/v1
service: shop
slos:
  - name: placed
    objective: 99
    sli:
      events:
        error_query: sum(rate(shop_orders_total{result="failed"}[{{.window}}]))
        total_query: sum(rate(shop_orders_total[{{.window}}]))
`;

interface WrongName {
  readonly title: string;
  readonly right: string;
  readonly wrong: string;
  /** In the file of Sloth. */
  readonly isSloth?: boolean;
  /** What is reported after the name of the file. */
  readonly lines: readonly string[];
}

const HAD = "that Prometheus has had in the last 7 days";

const wrongNames: readonly WrongName[] = [
  {
    title: "a service",
    right: "  shop: { team: web }",
    wrong: "  shpo: { team: web }",
    lines: [`:3: services.shpo: received "shpo", expected a service ${HAD}, did you mean "shop"?`],
  },
  {
    title: "a scrape job",
    right: 'targets: { shop: ["',
    wrong: 'targets: { zebra: ["',
    lines: [
      `:8: prometheus.targets.zebra: received "zebra", expected a job ${HAD}; there are "shop"`,
    ],
  },
  {
    title: "a counter of the business, whose labels are not there either",
    right: "  shop_orders_total:\n    by: [organization, result]",
    wrong: "  shop_order_total:\n    by: [organization]",
    lines: [
      `:5: business.shop_order_total: received "shop_order_total", expected a metric ${HAD}, did you mean "shop_orders_total"?`,
      `:6: business.shop_order_total.by[0]: received "organization", expected a label of shop_order_total ${HAD}; there are none`,
    ],
  },
  {
    title: "a label of a counter, such as that of the tenant",
    right: "by: [organization, result]",
    wrong: "by: [organisation, result]",
    lines: [
      `:6: business.shop_orders_total.by[0]: received "organisation", expected a label of shop_orders_total ${HAD}, did you mean "organization"?`,
    ],
  },
  {
    title: "an address from outside",
    right: "prometheus:\n",
    wrong: "uptime: { urls: [https://shop.example] }\nprometheus:\n",
    lines: [
      `:7: uptime.urls[0]: received "https://shop.example", expected an address that is probed ${HAD}; there are none`,
    ],
  },
  {
    title: "a route",
    right: '[/orders/:id, "/carts/:id"]',
    wrong: '[/orders/:id, "/cart/:id"]',
    lines: [
      `:15: slo.objectives[0].availability.routes[1]: received "/cart/:id", expected a route ${HAD}, did you mean "/carts/:id"?`,
    ],
  },
  {
    title: "the service of an objective, whose routes are those of others",
    right: "    - name: pages\n      service: shop",
    wrong: "    - name: pages\n      service: shops",
    lines: [
      `:13: slo.objectives[0].service: received "shops", expected a service ${HAD}, did you mean "shop"?`,
    ],
  },
  {
    title: "a bucket boundary that the service does not have",
    right: "threshold: 1s",
    wrong: "threshold: 7.5s",
    lines: [
      `:19: slo.objectives[1].latency.threshold: received "7.5", expected a bucket boundary in seconds ${HAD}, did you mean "5", "1" or "0.5"?`,
    ],
  },
  {
    title: "a job",
    right: "job: nightly-invoices",
    wrong: "job: nightly-invoice",
    lines: [
      `:23: slo.objectives[2].freshness.job: received "nightly-invoice", expected a job ${HAD}, did you mean "nightly-invoices"?`,
    ],
  },
  {
    title: "a queue",
    right: "queue: mails",
    wrong: "queue: letters",
    lines: [
      `:27: slo.objectives[3].freshness.queue: received "letters", expected a queue ${HAD}; there are "mails"`,
    ],
  },
  {
    title: "a value of a label that a matcher needs",
    right: 'organization=~"ac.*"',
    wrong: 'organization=~"be.*"',
    lines: [
      `:32: slo.objectives[4].ratio.total: received "be.*", expected a value of organization ${HAD}; there are "acme"`,
    ],
  },
  {
    title: "a misspelt value of failures that did not happen yet",
    right: 'failed: shop_orders_total{result="failed"}',
    wrong: 'failed: shop_orders_total{result="plaecd"}',
    lines: [
      `:33: slo.objectives[4].ratio.failed: received "plaecd", expected a value of result ${HAD}, did you mean "placed"?`,
    ],
  },
  {
    title: "a metric in a query of Sloth",
    right: "total_query: sum(rate(shop_orders_total[",
    wrong: "total_query: sum(rate(shop_ordered_total[",
    isSloth: true,
    lines: [
      `:7: slos[0].sli: received "shop_ordered_total", expected a metric ${HAD}, did you mean "shop_orders_total"?`,
    ],
  },
  {
    title: "a query of Sloth that has no result",
    right: "total_query: sum(rate(shop_orders_total[",
    wrong: 'total_query: sum(rate(shop_orders_total{result="x"}[',
    isSloth: true,
    lines: [
      ':7: slos[0].sli: received "sum(rate(shop_orders_total{result=\\"x\\"}[7d]))", expected a query with a result',
    ],
  },
  {
    title: "a query of Sloth that is none",
    right: "total_query: sum(rate(shop_orders_total[",
    wrong: "total_query: sum(sum(rate(shop_orders_total[",
    isSloth: true,
    lines: [":7: slos[0].sli: received "],
  },
];

const servers: readonly {
  readonly name: string;
  readonly program: (test: Context) => Promise<string>;
}[] = [
  { name: "Debian's Prometheus", program: async (test) => programOrSkip(test, "prometheus") },
  { name: "Prometheus 3", program: (test) => goToolOrSkip(test, "prometheus") },
];

for (const { name, program } of servers) {
  describe(`telltale ops --prometheus, with the metrics of a preloaded app in ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "telltale-ops-names-"));
    const config = join(folder, "telltale.ops.yaml");
    const out = join(folder, "ops");
    let server: PrometheusServer;
    let app: Program;

    before(async function () {
      const prometheus = await program(this);
      const port = await freePort();
      app = new Program({
        file,
        flags: preload.import,
        env: {
          OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
          OTEL_METRICS_EXPORTER: "prometheus",
          OTEL_TRACES_EXPORTER: "none",
          OTEL_LOGS_EXPORTER: "none",
          // Fewer than telltale ops expects.
          TELLTALE_METRICS_BUCKETS: "http.server.request.duration:0.5,1,5",
        },
      });
      const appPort = await app.waitForStdout((text) => /^port (\d+)\n/.exec(text)?.[1]);
      const target = `{targets: ["127.0.0.1:${port}"]}`;
      server = await PrometheusServer.start(prometheus, {
        config: () =>
          `scrape_configs: [{job_name: shop, scrape_interval: 1s, static_configs: [${target}]}]\n`,
      });
      // Each query has data after two scrapes with an increase between them.
      await pollUntilTrue(async () => {
        for (const path of ["/orders/1", "/carts/2"])
          await (await fetch(`http://127.0.0.1:${appPort}${path}`)).text();
        const [rate, carts] = await Promise.all([
          server.query("sum(rate(shop_orders_total[5m])) > 0"),
          server.query('http_server_request_duration_seconds_count{http_route="/carts/:id"}'),
        ]);
        return rate.length > 0 && carts.length > 0;
      }, "metrics of the app in Prometheus");
    });

    after(async () => {
      app?.kill("SIGKILL");
      await Promise.all([app?.ended, server?.stop()]);
      rmSync(folder, { recursive: true });
    });

    async function lookUp(text: string, sloth: string, ...more: readonly string[]) {
      writeFileSync(config, text);
      writeFileSync(join(folder, "sloth.yaml"), sloth);
      const where = ["--config", config, "--out", out, "--prometheus", server.url];
      return runCli(["ops", ...where, ...more]);
    }

    it("finds all names that are right, and writes the files", async () => {
      const { code, stdout, stderr } = await lookUp(RIGHT, SLOTH);
      assert.deepEqual([code, stderr], [0, ""]);
      const [files, names] = stdout.trimEnd().split("\n");
      assert.match(files!, /: \d+ files, \d+ changed$/);
      assert.equal(names, `Prometheus has the 25 names of ${config}`);
      assert.ok(existsSync(join(out, "prometheus", "slo.yaml")));
      const checked = await lookUp(RIGHT, SLOTH, "--check");
      assert.deepEqual([checked.code, checked.stderr], [0, ""]);
    });

    for (const { title, right, wrong, isSloth = false, lines } of wrongNames) {
      it(`reports ${title}`, async () => {
        const text = isSloth ? SLOTH : RIGHT;
        assert.ok(text.includes(right), right);
        const changed = text.replace(right, wrong);
        const [ops, sloth] = isSloth ? [RIGHT, changed] : [changed, SLOTH];
        const { code, stdout, stderr } = await lookUp(ops, sloth, "--force");
        assert.deepEqual([code, stderr], [1, ""]);
        const [files, ...found] = stdout.trimEnd().split("\n");
        assert.match(files!, /: \d+ files, \d+ changed$/);
        const name = isSloth ? "sloth.yaml" : config;
        assert.equal(found.length, lines.length, stdout);
        for (const [index, line] of lines.entries())
          assert.ok(found[index]!.startsWith(name + line), `${found[index]}\n${name}${line}`);
      });
    }

    it("has each missing name with its place as JSON, beside the folder", async () => {
      const { code, stdout } = await lookUp(
        RIGHT.replace('"/carts/:id"', '"/cart/:id"'),
        SLOTH,
        ...["--check", "--json"],
      );
      assert.equal(code, 1);
      const { prometheus, status } = JSON.parse(stdout) as { prometheus: object; status: string };
      assert.ok(["done", "out of step"].includes(status));
      const path = "slo.objectives[0].availability.routes[1]";
      const message = `${config}:15: ${path}: received "/cart/:id", expected a route ${HAD}, did you mean "/carts/:id"?`;
      assert.deepEqual(prometheus, {
        status: "missing names",
        names: 25,
        missing: [
          {
            ...{ file: config, line: 15, path, received: "/cart/:id", expected: "a route" },
            ...{ nearest: ["/carts/:id"], message },
          },
        ],
      });
    });
  });
}
