import assert from "node:assert/strict";
import { parseOpsConfig } from "../../../../src/cli/ops/config-file.ts";
import { defaultGrafanaOptions } from "../../../../src/ops/options/grafana-options.ts";

const FILE = "telltale.ops.yaml";

const valid: readonly {
  readonly title: string;
  readonly text: string;
  readonly grafana?: object;
  readonly business?: readonly object[];
}[] = [
  { title: "nothing", text: "team: web\n", grafana: {}, business: [] },
  {
    title: "stores and an interval",
    text: "grafana:\n  interval: 15s\n  victorialogs: http://logs:9428/\n  tempo: http://tempo:3200\n",
    grafana: {
      interval: "15s",
      logs: { store: "victorialogs", url: "http://logs:9428" },
      traces: { store: "tempo", url: "http://tempo:3200" },
    },
  },
  {
    title: "counters of the app",
    text: "business:\n  shop_orders_total:\n    title: Orders\n    by: [kind, region]\n  shop_visits_total: {}\n",
    business: [
      { metric: "shop_orders_total", title: "Orders", by: ["kind", "region"] },
      { metric: "shop_visits_total", title: "Shop visits", by: [] },
    ],
  },
];

const invalid: readonly (readonly [text: string, problem: RegExp])[] = [
  [
    "grafana:\n  interval: 90\n",
    /^telltale\.ops\.yaml:2: grafana\.interval: received "90", expected a duration such as/,
  ],
  [
    "grafana:\n  prometheus: prometheus:9090\n",
    /^telltale\.ops\.yaml:2: grafana\.prometheus: .*expected an address/,
  ],
  [
    "grafana:\n  loki: http://loki:3100\n  victorialogs: http://logs:9428\n",
    /^telltale\.ops\.yaml:3: grafana\.victorialogs: expected loki or victorialogs, not both$/,
  ],
  ["grafana:\n  lokki: http://loki:3100\n", /^telltale\.ops\.yaml:2: .*did you mean loki\?$/],
  [
    "business:\n  shop.orders: {}\n",
    /^telltale\.ops\.yaml:2: business\.shop\.orders: expected the name of a counter in Prometheus/,
  ],
  [
    "business:\n  shop_orders_total:\n    title: $job\n",
    /^telltale\.ops\.yaml:3: business\.shop_orders_total\.title: .*expected at most 60 characters/,
  ],
  [
    "business:\n  shop_orders_total:\n    by: [a.b]\n",
    /^telltale\.ops\.yaml:3: business\.shop_orders_total\.by\[0\]: .*expected the name of a label/,
  ],
];

describe("telltale.ops.yaml", () => {
  for (const { title, text, grafana, business } of valid) {
    it(`reads ${title}`, () => {
      const { options, problems } = parseOpsConfig(FILE, text);
      assert.deepEqual(problems, []);
      if (grafana !== undefined)
        assert.deepEqual(options.grafana, { ...defaultGrafanaOptions, ...grafana });
      if (business !== undefined) assert.deepEqual(options.business, business);
    });
  }

  for (const [text, problem] of invalid) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      const { problems } = parseOpsConfig(FILE, text);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", problem);
    });
  }
});
