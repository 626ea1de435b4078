import assert from "node:assert/strict";
import { readObjectiveFiles } from "../../../../src/ops/slo/files/objective-files.ts";
import type { Objective } from "../../../../src/ops/slo/objective.ts";

function read(...texts: string[]): ReturnType<typeof readObjectiveFiles> {
  const files = texts.map((text, at) => ({ name: `${"ab"[at]}.yaml`, text }));
  return readObjectiveFiles(files, { minEvents: 20, periodDays: 30 });
}

/** An SLO with all that may be inside of it, of which a part is replaced. */
function slo(part = "", by = ""): string {
  const text = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders
  displayName: Orders
  labels: { owner: web }
  annotations: { example.com/x: y }
spec:
  description: Orders are placed.
  service: shop
  indicator:
    metadata: { name: placed }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: sum(failed_total) } } }
        total: { metricSource: { type: Prometheus, spec: { query: sum(orders_total) } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives:
    - displayName: Placed
      target: 0.999
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: OrdersBurn }
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: { name: fast }
            spec:
              severity: page
              condition: { kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 60m, alertAfter: 0m }
        notificationTargets: [{ targetRef: on-call }]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: { name: on-call }
spec: { target: slack }
`;
  assert.ok(text.includes(part), part);
  return text.replace(part, by);
}

/** Everything by reference, in several documents. */
const separate = `apiVersion: openslo/v1
kind: Service
metadata: { name: shop }
spec: { description: Sells. }
---
apiVersion: openslo/v1
kind: DataSource
metadata: { name: main }
spec: { type: Prometheus, connectionDetails: { url: "http://prometheus:9090", token: secret } }
---
apiVersion: openslo/v1
kind: SLI
metadata: { name: placed }
spec:
  ratioMetric:
    good: { metricSource: { metricSourceRef: main, spec: { query: 'sum(rate(good_total[5m]))' } } }
    total: { metricSource: { metricSourceRef: main, spec: { query: 'sum(rate(orders_total[{{.window}}]))' } } }
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast }
spec: { severity: page, condition: { op: gt, threshold: 6, lookbackWindow: 6h, alertAfter: 5m } }
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: OrdersBurn }
spec: { conditions: [{ conditionRef: fast }] }
`;

const separateSlo = `apiVersion: openslo/v1
kind: SLO
metadata: { name: orders }
spec:
  service: shop
  indicatorRef: placed
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }, { targetPercent: 99.9 }]
  alertPolicies: [OrdersBurn]
`;

const at = (line: number, problem: string): string => `a.yaml:${line}: ${problem}`;

const ratio = "spec.indicator.spec.ratioMetric";

const rows: readonly (readonly [title: string, text: string, ...problems: string[]])[] = [
  [
    "an older version",
    slo("openslo/v1", "openslo/v1alpha"),
    at(1, 'apiVersion: received "openslo/v1alpha", expected openslo/v1'),
  ],
  [
    "Kubernetes' resource of Sloth",
    "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\n",
    at(1, 'apiVersion: received "sloth.slok.dev/v1", expected openslo/v1'),
  ],
  [
    "an unknown kind",
    slo("kind: SLO", "kind: Slo"),
    at(
      2,
      'kind: received "Slo", expected Service, SLO, SLI, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget',
    ),
  ],
  [
    "a misspelt key",
    slo("  service: shop", "  servise: shop"),
    at(9, "spec.service: is missing, expected at most 100 letters, digits, and _ . -"),
    at(10, "spec.servise: the key is not known, did you mean service?"),
  ],
  [
    "no metadata",
    "apiVersion: openslo/v1\nkind: SLO\nspec: {}\n",
    at(1, "metadata: is missing, expected a map with a name"),
  ],
  [
    "time slices",
    slo("Occurrences", "Timeslices"),
    at(
      19,
      'spec.budgetingMethod: received "Timeslices", expected Occurrences: time slices are not supported',
    ),
  ],
  [
    "a target for time slices",
    slo("target: 0.999", "target: 0.999\n      timeSliceTarget: 0.9"),
    at(23, "spec.objectives[0].timeSliceTarget: time slices are not supported"),
  ],
  [
    "a period that is not supported",
    slo("28d", "7d"),
    at(18, 'spec.timeWindow[0].duration: received "7d", expected 30d, 28d or 4w'),
  ],
  [
    "a calendar",
    slo("duration: 28d, isRolling: true", "duration: 30d, calendar: { timeZone: UTC }"),
    at(
      18,
      "spec.timeWindow[0].isRolling: expected true, a rolling window: calendar windows are not supported",
    ),
  ],
  [
    "two periods",
    slo("isRolling: true }", "isRolling: true }, { duration: 30d, isRolling: true }"),
    at(18, "spec.timeWindow: expected one window"),
  ],
  [
    "a target that is a percentage",
    slo("target: 0.999", "target: 99.9"),
    at(
      22,
      'spec.objectives[0].target: received "99.9", expected a ratio from 0.9 to 0.99999, such as 0.999',
    ),
  ],
  [
    "two targets",
    slo("target: 0.999", "target: 0.999\n      targetPercent: 99.9"),
    at(22, "spec.objectives[0].target: expected either target or targetPercent"),
  ],
  [
    "a composite objective",
    slo("target: 0.999", "target: 0.999\n      indicatorRef: other"),
    at(
      23,
      "spec.objectives[0].indicatorRef: composite objectives are not supported, expected one indicator for all",
    ),
  ],
  [
    "another source",
    slo("type: Prometheus", "type: Datadog"),
    at(16, `${ratio}.bad.metricSource.type: received "Datadog", expected Prometheus`),
  ],
  [
    "a source that exists nowhere",
    slo("type: Prometheus", "metricSourceRef: other"),
    at(16, `${ratio}.bad.metricSource.metricSourceRef: there is no DataSource with the name other`),
  ],
  [
    "no query",
    slo("query: sum(failed_total)", "promql: x"),
    at(16, `${ratio}.bad.metricSource.spec.query: is missing, expected PromQL`),
    at(16, `${ratio}.bad.metricSource.spec.promql: the key is not known`),
  ],
  [
    "a query that is no counter",
    slo("sum(failed_total)", "failed_total / 2"),
    at(
      16,
      `${ratio}.bad.metricSource: expected a counter such as sum(orders_total), or rate() or increase() of one`,
    ),
  ],
  [
    "a gauge",
    slo("counter: true", "counter: false"),
    at(
      16,
      `${ratio}.bad.metricSource: expected rate() or increase() with a range, or counter: true`,
    ),
    at(
      17,
      `${ratio}.total.metricSource: expected rate() or increase() with a range, or counter: true`,
    ),
  ],
  [
    "queries of different functions",
    slo("sum(failed_total)", "'sum(rate(failed_total[5m]))'"),
    at(17, `${ratio}.total: expected rate() in both queries, or increase() in both`),
  ],
  [
    "good and bad events",
    slo("bad:", "good: { metricSource: { spec: { query: a } } }\n        bad:"),
    at(18, `${ratio}.total: expected total, and either good or bad; or raw`),
  ],
  [
    "two metrics",
    slo(
      "ratioMetric:",
      "thresholdMetric: { metricSource: { spec: { query: a } } }\n      ratioMetric:",
    ),
    at(16, `${ratio}: expected either ratioMetric or thresholdMetric`),
  ],
  [
    "a threshold without a value",
    slo(
      "ratioMetric:\n        counter: true\n        bad: { metricSource: { type: Prometheus, spec: { query: sum(failed_total) } } }\n        total:",
      "thresholdMetric:",
    ),
    at(18, "spec.objectives[0].op: is missing, expected lte, lt, gte or gt"),
    at(18, "spec.objectives[0].value: is missing, expected a number"),
  ],
  [
    "a threshold of a ratio",
    slo("target: 0.999", "target: 0.999\n      op: lte"),
    at(23, "spec.objectives[0].op: is for a thresholdMetric only"),
  ],
  [
    "an indicator that exists nowhere",
    separateSlo,
    at(6, "spec.indicatorRef: there is no SLI with the name placed"),
    at(9, "spec.alertPolicies: there is no AlertPolicy with the name OrdersBurn"),
  ],
  [
    "a target of notifications that exists nowhere",
    slo("targetRef: on-call", "targetRef: no-one"),
    at(
      34,
      "spec.alertPolicies[0].spec.notificationTargets[0].targetRef: there is no AlertNotificationTarget with the name no-one",
    ),
  ],
  [
    "an alert without data",
    slo("alertWhenBreaching: true", "alertWhenNoData: true"),
    at(
      27,
      "spec.alertPolicies[0].spec.alertWhenNoData: is not supported: without data there is no burn rate",
    ),
  ],
  [
    "an alert on a low rate",
    slo("op: gte", "op: lte"),
    at(
      33,
      'spec.alertPolicies[0].spec.conditions[0].spec.condition.op: received "lte", expected gte or gt: the burn rate is compared with the threshold',
    ),
  ],
  [
    "an alert with a short window",
    slo("60m", "1m"),
    at(
      33,
      "spec.alertPolicies[0].spec.conditions[0].spec.condition.lookbackWindow: expected a duration from 5m to 3d",
    ),
  ],
  [
    "an alert with a duration without a unit",
    slo("60m", "60"),
    at(
      33,
      'spec.alertPolicies[0].spec.conditions[0].spec.condition.lookbackWindow: received "60", expected a duration such as 250ms, 5m, 1h or 3d',
    ),
  ],
  [
    "an alert that can never fire",
    slo("target: 0.999", "target: 0.9"),
    at(
      24,
      "spec.alertPolicies: OrdersBurn never fires: 14.4x of the budget of 90% is 144% of the events",
    ),
  ],
  [
    "two objects with one name",
    slo(
      "targetRef: on-call }]",
      "targetRef: on-call }]\n---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: { name: on-call }\nspec: { target: mail }",
    ),
    at(43, "metadata.name: there is another AlertNotificationTarget with this name"),
  ],
];

describe("A file of OpenSLO", () => {
  for (const [title, text, ...problems] of rows) {
    it(`is refused with its line: ${title}`, () => {
      assert.deepEqual(read(text).problems.toSorted(), problems.toSorted());
    });
  }

  it("has objectives with queries, labels, period and alerts of its own", () => {
    const { objectives, problems } = read(slo());
    assert.deepEqual(problems, []);
    const [{ indicator, ...rest } = assert.fail(), ...others] = objectives;
    assert.deepEqual(others, []);
    assert.deepEqual(rest, {
      ...{ service: "shop", name: "orders", percent: 99.9, periodDays: 28, minEvents: 20 },
      labels: { owner: "web" },
      windowAlerts: [
        {
          ...{ name: "OrdersBurn", severity: "page", factor: 14.4, comparison: ">=" },
          window: "1h",
          labels: { notification_targets: "on-call" },
        },
      ],
    });
    assert.ok(indicator.kind === "events" && !indicator.perSecond);
    assert.equal(indicator.failed("5m"), "sum (increase(failed_total[5m]))");
    assert.equal(indicator.total("5m"), "sum (increase(orders_total[5m]))");
  });

  it("may refer to objects of other documents and files", () => {
    const { objectives, problems } = read(separateSlo, separate);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      objectives.map(({ name, percent, windowAlerts }) => [name, percent, windowAlerts]),
      (
        [
          ["orders-99", 99],
          ["orders-99.9", 99.9],
        ] as const
      ).map(([name, percent]) => [
        name,
        percent,
        [
          {
            ...{ name: "OrdersBurn", severity: "page", factor: 6, comparison: ">" },
            ...{ window: "6h", for: "5m", labels: {} },
          },
        ],
      ]),
    );
    const [{ indicator } = assert.fail()] = objectives;
    assert.ok(indicator.kind === "events" && indicator.perSecond);
    assert.equal(indicator.total("5m"), "sum(rate(orders_total[5m]))");
    assert.match(indicator.failed("1h"), /sum\(rate\(good_total\[1h\]\)\)/);
  });

  const queries: readonly (readonly [query: string, text: string])[] = [
    ['orders_total{a="b",c=~"5.."}', 'sum (increase(orders_total{a="b",c=~"5.."}[5m]))'],
    ["sum by (tenant) (orders_total)", "sum by (tenant) (increase(orders_total[5m]))"],
    ["sum(increase(orders_total[1h]))", "sum(increase(orders_total[5m]))"],
    ["sum(increase(orders_total[{{ .window }}]))", "sum(increase(orders_total[5m]))"],
  ];
  for (const [query, text] of queries) {
    it(`counts ${query}`, () => {
      const quoted = `'${query}'`;
      const file = slo("sum(orders_total)", quoted).replace("sum(failed_total)", quoted);
      const { objectives, problems } = read(file);
      assert.deepEqual(problems, []);
      assert.equal(totalOf(objectives)("5m"), text);
    });
  }
});

function totalOf([{ indicator } = assert.fail()]: readonly Objective[]): (
  window: string,
) => string {
  assert.ok(indicator.kind === "events");
  return indicator.total;
}
