import assert from "node:assert/strict";
import { readObjectiveFiles } from "../../../../src/ops/slo/files/objective-files.ts";

function read(text: string, minEvents = 20): ReturnType<typeof readObjectiveFiles> {
  return readObjectiveFiles([{ name: "a.yaml", text }], { minEvents, periodDays: 30 });
}

/** A file of Sloth, with a part replaced. */
function slothFile(part = "", by = ""): string {
  const text = `version: prometheus/v1
service: shop
labels: { owner: web }
slos:
  - name: orders
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(orders_failed_total[{{.window}}]))
        total_query: sum(rate(orders_total[{{ .window }}]))
    alerting:
      name: OrdersFail
      page_alert: { labels: { team: web } }
      ticket_alert: { disable: true }
`;
  assert.ok(text.includes(part), part);
  return text.replace(part, by);
}

const query = "PromQL with {{.window}}";
const name = "at most 100 letters, digits, and _ . -";
const percentage = "a percentage from 90 to 99.999, such as 99.9";
const sameFunction =
  "a.yaml:10: slos[0].sli.events.total_query: expected rate() in both queries, or increase() in both";

const rows: readonly (readonly [title: string, text: string, ...problems: string[]])[] = [
  ["an empty file", "", "a.yaml: the file is empty"],
  ["only comments", "# nothing\n---\n", "a.yaml: the file is empty"],
  ["a list", "- a\n", "a.yaml:1: expected a map"],
  ["another format", "groups: []\n", "a.yaml:1: version: is missing, expected prometheus/v1"],
  [
    "another version",
    slothFile("prometheus/v1", "prometheus/v2"),
    'a.yaml:1: version: received "prometheus/v2", expected prometheus/v1',
  ],
  [
    "a misspelt key",
    slothFile("    objective", "    objektive"),
    `a.yaml:5: slos[0].objective: is missing, expected ${percentage}`,
    "a.yaml:6: slos[0].objektive: the key is not known, did you mean objective?",
  ],
  [
    "an objective that is no percentage",
    slothFile("99.9", "0.999"),
    `a.yaml:6: slos[0].objective: received "0.999", expected ${percentage}`,
  ],
  [
    "no name",
    slothFile("name: orders", "name:"),
    `a.yaml:5: slos[0].name: is missing, expected ${name}`,
  ],
  [
    "a service with a template",
    slothFile("service: shop", 'service: "{{ .x }}"'),
    `a.yaml:2: service: received "{{ .x }}", expected ${name}`,
  ],
  ["no objectives", "version: prometheus/v1\nservice: a\n", "a.yaml:1: slos: there are none"],
  [
    "a list of texts",
    "version: prometheus/v1\nservice: a\nslos: [b]\n",
    "a.yaml:3: slos: expected a list of maps",
    "a.yaml:3: slos: there are none",
  ],
  [
    "a query without a window",
    slothFile("[{{.window}}]", "[5m]"),
    `a.yaml:9: slos[0].sli.events.error_query: received "sum(rate(orders_failed_total[5m]))", expected ${query}`,
  ],
  [
    "queries of different functions",
    slothFile("rate(orders_total", "increase(orders_total"),
    sameFunction,
  ],
  [
    "queries whose function is not known",
    slothFile("rate(orders_total", "irate(orders_total"),
    sameFunction,
  ],
  [
    "a plugin",
    slothFile("events:", "plugin: { id: a }\n      events:"),
    "a.yaml:8: slos[0].sli.plugin: plugins are Go code, which only Sloth runs; expected events or raw",
  ],
  [
    "two indicators",
    slothFile("events:", "raw: { error_ratio_query: 'a[{{.window}}]' }\n      events:"),
    "a.yaml:8: slos[0].sli: expected either events or raw",
  ],
  [
    "a label of Sloth's own",
    slothFile("owner: web", "sloth_id: x"),
    "a.yaml:3: labels.sloth_id: expected the name of a label, which does not begin with sloth_",
  ],
  [
    "a flag that is none",
    slothFile("disable: true", "disable: maybe"),
    'a.yaml:14: slos[0].alerting.ticket_alert.disable: received "maybe", expected true or false',
  ],
  [
    "the same objective twice",
    `${slothFile()}---\n${slothFile()}`,
    "a.yaml:20: slos[0].name: there is another objective with the id shop-orders",
  ],
  [
    "an alias",
    slothFile("orders", "&a orders").replace("OrdersFail", "*a"),
    "a.yaml:12: slos[0].alerting.name: aliases are not supported",
  ],
];

describe("A file of Sloth", () => {
  for (const [title, text, ...problems] of rows) {
    it(`is refused with its line: ${title}`, () => {
      assert.deepEqual(read(text).problems, problems);
    });
  }

  it("is refused if it is no YAML", () => {
    const { problems } = read("version: prometheus/v1\nservice: [\n");
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^a\.yaml:\d+: \S/);
    assert.doesNotMatch(problems[0] ?? "", /\n/);
  });

  it("has no control characters in its queries", () => {
    const text = slothFile(
      "sum(rate(orders_total[{{ .window }}]))",
      '"\\r\\t rate(a[{{.window}}])\\r+ 0\\u2028\\n+ 0"',
    );
    const [{ indicator } = assert.fail()] = read(text).objectives;
    assert.ok(indicator.kind === "events");
    assert.equal(indicator.total("5m"), "rate(a[5m]) + 0 \n+ 0");
  });

  it("has objectives with labels, alerts and queries for each window", () => {
    const { objectives, problems } = read(slothFile(), 7);
    assert.deepEqual(problems, []);
    const [{ indicator, ...rest } = assert.fail()] = objectives;
    const shared = { name: "OrdersFail", annotations: {} };
    assert.deepEqual(rest, {
      ...{
        service: "shop",
        name: "orders",
        percent: 99.9,
        minEvents: 7,
        periodDays: 30,
        labels: { owner: "web" },
      },
      alerts: {
        page: { ...shared, labels: { team: "web" }, isDisabled: false },
        ticket: { ...shared, labels: {}, isDisabled: true },
      },
    });
    assert.ok(indicator.kind === "events" && indicator.perSecond);
    assert.equal(indicator.failed("1h"), "sum(rate(orders_failed_total[1h]))");
    assert.equal(indicator.total("3d"), "sum(rate(orders_total[3d]))");
  });
});
