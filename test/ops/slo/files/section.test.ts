import assert from "node:assert/strict";
import { SECONDS_BOUNDARIES } from "../../../../src/metrics/boundaries.ts";
import { defaultObjectives } from "../../../../src/ops/slo/files/section.ts";
import { readObjectiveSources } from "../../../../src/ops/slo/files/objective-sources.ts";
import type { Indicator } from "../../../../src/ops/slo/objective.ts";

const sloth = `version: prometheus/v1
service: shop
slos:
  - { name: orders, objective: 99.9, sli: { raw: { error_ratio_query: 'a[{{.window}}]' } } }
`;

function read(text: string): ReturnType<typeof readObjectiveSources> {
  const readFile = (file: string): string => {
    if (file !== "sloth.yaml") throw new Error("no such file");
    return sloth;
  };
  const sources = { boundaries: SECONDS_BOUNDARIES, readFile };
  return readObjectiveSources([{ name: "ops.yaml", text }], sources, {
    minEvents: 20,
    periodDays: 30,
  });
}

/** A section with one objective, whose indicator begins in line 6. */
function section(indicator: string, more = ""): string {
  return `slo:
  objectives:
    - name: orders
      service: shop
      objective: 99.9
      ${indicator}
${more}`;
}

const path = "slo.objectives[0]";
const selectorExpected =
  'a metric with matchers of its labels, such as orders_total{result="failed"}';
const duration = "a duration such as 250ms, 5m, 1h or 3d";

const invalidRows: readonly (readonly [title: string, text: string, ...problems: string[]])[] = [
  ["a section that is no map", "slo: 99.9\n", "ops.yaml:1: slo: expected a map"],
  ["broken YAML", "slo: { a: [\n", "ops.yaml:2: *"],
  [
    "an empty section",
    "slo: {}\n",
    "ops.yaml:1: slo.objectives: is missing, expected objectives or from",
  ],
  [
    "a misspelt key",
    "slo:\n  objektives: []\n",
    "ops.yaml:2: slo.objektives: the key is not known, did you mean objectives?",
    "ops.yaml:2: slo.objectives: is missing, expected objectives or from",
  ],
  [
    "a period that is not supported",
    `${section("availability:")}  period: 7d\n`,
    'ops.yaml:7: slo.period: received "7d", expected 30d, 28d or 4w',
  ],
  [
    "a minimum with a unit",
    `${section("availability:")}  min_events: 20/h\n`,
    'ops.yaml:7: slo.min_events: received "20/h", expected an integer from 1 to 1000000',
  ],
  [
    "a file that does not exist",
    "slo:\n  from: other.yaml\n",
    "ops.yaml:2: slo.from: other.yaml can't be read (Error: no such file)",
  ],
  [
    "an objective without an indicator",
    section("labels: { team: web }"),
    `ops.yaml:3: ${path}.availability: is missing, expected one of availability, latency, freshness, ratio`,
  ],
  [
    "two indicators",
    section("availability:\n      latency: { threshold: 250ms }"),
    `ops.yaml:7: ${path}.latency: availability excludes it, expected one of availability, latency, freshness, ratio`,
  ],
  [
    "an objective that is a ratio",
    section("availability:").replace("99.9", "0.999"),
    `ops.yaml:5: ${path}.objective: received "0.999", expected a percentage from 90 to 99.999, such as 99.9`,
  ],
  [
    "a route without a slash",
    section("availability: { routes: ['a\\tb', /b], by_route: yes }").replace("a\\tb", "\u0001"),
    `ops.yaml:6: ${path}.availability.by_route: received "yes", expected true or false`,
    String.raw`ops.yaml:6: ${path}.availability.routes[0]: received "\u0001", expected a route such as /orders/:id, of at most 200 characters`,
  ],
  [
    "routes and every route",
    section("availability: { routes: [/a], by_route: true }"),
    `ops.yaml:6: ${path}.availability.by_route: routes exclude it`,
  ],
  [
    "a latency that is no bucket boundary",
    section("latency: { threshold: 300ms }"),
    `ops.yaml:6: ${path}.latency.threshold: received 300ms, expected a bucket boundary of http.server.request.duration, the nearest of which is 250ms; TELLTALE_METRICS_BUCKETS can add 0.3, in the service and here`,
  ],
  [
    "a latency without a unit",
    section("latency: { threshold: 300 }"),
    `ops.yaml:6: ${path}.latency.threshold: received "300", expected ${duration}`,
  ],
  [
    "no latency",
    section("latency:"),
    `ops.yaml:6: ${path}.latency.threshold: is missing, expected ${duration}`,
  ],
  [
    "the freshness of a job and a queue",
    section("freshness: { job: a, queue: b, within: 1h }"),
    `ops.yaml:6: ${path}.freshness.job: expected either job or queue`,
  ],
  [
    "a freshness of a month",
    section("freshness: { job: a, within: 31d }"),
    `ops.yaml:6: ${path}.freshness.within: expected a duration from 1m to 27d, in whole seconds`,
  ],
  [
    "a freshness of parts of seconds",
    section("freshness: { job: a, within: 1500ms }"),
    `ops.yaml:6: ${path}.freshness.within: expected a duration from 1m to 27d, in whole seconds`,
  ],
  [
    "a ratio of a query",
    section("ratio: { total: 'sum(rate(a[5m]))', failed: b }"),
    `ops.yaml:6: ${path}.ratio.total: received "sum(rate(a[5m]))", expected ${selectorExpected}`,
  ],
  [
    "a ratio with a broken matcher",
    section("ratio: { total: a, failed: 'b{c=5}' }"),
    `ops.yaml:6: ${path}.ratio.failed: received "b{c=5}", expected ${selectorExpected}`,
  ],
  [
    "a ratio with a broken regular expression",
    section(`ratio: { total: a, failed: 'b{c=~"("}' }`),
    String.raw`ops.yaml:6: ${path}.ratio.failed: received "b{c=~\"(\"}", expected ${selectorExpected}`,
  ],
  [
    "a ratio of good and failed events",
    section("ratio: { total: a, failed: b, good: c }"),
    `ops.yaml:6: ${path}.ratio.failed: expected either failed or good`,
  ],
  [
    "a ratio by a label of Sloth",
    section("ratio: { total: a, failed: b, by: [job, sloth_id] }"),
    ...["job", "sloth_id"].map(
      (label, at) =>
        `ops.yaml:6: ${path}.ratio.by[${at}]: received "${label}", expected the name of a label, other than job, which does not begin with sloth_ or __`,
    ),
  ],
  [
    "an objective that exists in a file, too",
    section("availability:", "  from: [sloth.yaml]\n"),
    `ops.yaml:3: ${path}.name: there is another objective with the id shop-orders`,
  ],
];

const shop = { service: "shop" };
const requests = { ...shop, routes: [], byRoute: false };

const validRows: readonly (readonly [indicator: string, expected: Indicator])[] = [
  ["availability:", { kind: "availability", selection: requests }],
  [
    "availability: { routes: [/b, /a] }",
    { kind: "availability", selection: { ...requests, routes: ["/a", "/b"] } },
  ],
  [
    "latency: { threshold: 2.5s, by_route: true }",
    { kind: "latency", selection: { ...requests, byRoute: true }, thresholdSeconds: 2.5 },
  ],
  [
    "freshness: { job: nightly, within: 26h }",
    { kind: "job", job: "nightly", ...shop, maxAgeSeconds: 93_600 },
  ],
  [
    "freshness: { queue: mails, within: 5m }",
    { kind: "queue", queue: "mails", ...shop, maxAgeSeconds: 300 },
  ],
  [
    `ratio: { total: orders_total, failed: 'orders_total{result=~"failed|lost", a!="b"}', by: organization }`,
    {
      kind: "counters",
      selection: {
        ...shop,
        total: { name: "orders_total", matchers: [] },
        part: {
          name: "orders_total",
          matchers: [
            ["result", "=~", "failed|lost"],
            ["a", "!=", "b"],
          ],
        },
        isGood: false,
        by: ["organization"],
      },
    },
  ],
];

describe("The section slo of telltale.ops.yaml", () => {
  for (const [title, text, ...problems] of invalidRows) {
    it(`is refused with its line: ${title}`, () => {
      const found = [...read(text).problems].toSorted();
      const expected = problems.toSorted();
      assert.equal(found.length, expected.length, found.join("\n"));
      for (const [at, problem] of expected.entries())
        if (problem.endsWith("*")) assert.ok(found[at]?.startsWith(problem.slice(0, -1)));
        else assert.equal(found[at], problem);
    });
  }

  for (const [indicator, expected] of validRows) {
    it(`has an objective by ${indicator}`, () => {
      const { objectives, problems } = read(section(indicator));
      assert.deepEqual(problems, []);
      assert.deepEqual(objectives, [
        {
          ...{ name: "orders", service: "shop", percent: 99.9, minEvents: 20, periodDays: 30 },
          indicator: expected,
        },
      ]);
    });
  }

  it("has values for all objectives, which one may change, also for those of files", () => {
    const text = `slo:
  from: sloth.yaml
  period: 28d
  min_events: 50
  objectives:
    - { name: a, objective: 99, availability: , period: 30d, min_events: 5, labels: { team: web } }
alerts: {}
`;
    const { objectives, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      objectives.map(({ service, name, periodDays, minEvents, labels }) => ({
        ...{ service, name, periodDays, minEvents, labels },
      })),
      [
        { service: "shop", name: "orders", periodDays: 28, minEvents: 50, labels: {} },
        { service: "all", name: "a", periodDays: 30, minEvents: 5, labels: { team: "web" } },
      ],
    );
  });
});

describe("The objectives without a section", () => {
  it("are availability and latency, at the bucket next to half a second", () => {
    const kinds = defaultObjectives([0.1, 0.4, 1]).map(({ indicator, percent }) => [
      indicator.kind,
      percent,
      indicator.kind === "latency" && indicator.thresholdSeconds,
    ]);
    assert.deepEqual(kinds, [
      ["availability", 99.9, false],
      ["latency", 99, 0.4],
    ]);
    assert.equal(defaultObjectives([]).length, 1);
  });
});
