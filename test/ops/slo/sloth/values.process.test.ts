import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programOrSkip } from "../../../programs.ts";
import { type Check, type Counter, type Phase, replay } from "../replay.ts";
import { ruleFileOf } from "../rule-file.ts";

const vectors = join(import.meta.dirname, "vectors");

const ruleFiles: readonly (readonly [name: string, rules: () => string])[] = [
  ["Sloth 0.16.0", () => readFileSync(join(vectors, "sloth-0.16.0", "orders.yaml"), "utf8")],
  [
    "telltale slo",
    () => ruleFileOf(["--from", "orders.yaml"], readFileSync(join(vectors, "orders.yaml"), "utf8")),
  ],
];

const HOUR = 60;

function counter(name: string, result: string, phases: readonly Phase[]): Counter {
  return { name, labels: { job: "shop", result }, phases };
}

/** After two hours without failures, 15 times the rate of the budget. */
const orders: readonly Counter[] = [
  counter("shop_orders_total", "ok", [
    [2 * HOUR, 10_000],
    [90, 9_850],
  ]),
  counter("shop_orders_total", "failed", [
    [2 * HOUR, 0],
    [90, 150],
  ]),
  counter("shop_payments_total", "ok", [[210, 980]]),
  counter("shop_payments_total", "failed", [[210, 20]]),
];

function rounded(name: string, id: string, digits: number, value: number): Check {
  return {
    at: 210,
    expr: `round(sum(${name}{sloth_id="${id}"}), ${10 ** -digits})`,
    samples: { "{}": value },
  };
}

function severities(at: number, samples: Check["samples"]): Check {
  return { at, expr: 'count by (sloth_id, sloth_severity) (ALERTS{alertstate="firing"})', samples };
}

const page = { '{sloth_id="shop-orders",sloth_severity="page"}': 1 };
const ticket = { '{sloth_id="shop-orders",sloth_severity="ticket"}': 1 };

const checks: readonly Check[] = [
  ...["5m", "30m", "1h"].map((window) =>
    rounded(`slo:sli_error:ratio_rate${window}`, "shop-orders", 4, 0.015),
  ),
  ...["2h", "6h", "1d", "3d"].map((window) =>
    rounded(`slo:sli_error:ratio_rate${window}`, "shop-payments", 3, 0.02),
  ),
  rounded("slo:sli_error:ratio_rate2h", "shop-orders", 3, 0.011),
  rounded("slo:sli_error:ratio_rate30d", "shop-orders", 3, 0.006),
  rounded("slo:sli_error:ratio_rate30d", "shop-payments", 3, 0.02),
  rounded("slo:objective:ratio", "shop-orders", 6, 0.999),
  rounded("slo:error_budget:ratio", "shop-orders", 6, 0.001),
  rounded("slo:time_period:days", "shop-orders", 0, 30),
  rounded("slo:current_burn_rate:ratio", "shop-orders", 1, 15),
  rounded("slo:period_burn_rate:ratio", "shop-orders", 0, 6),
  rounded("slo:period_error_budget_remaining:ratio", "shop-orders", 0, -5),
  severities(119, {}),
  severities(210, { ...page, ...ticket }),
];

describe("The rules of a file of Sloth, replayed by promtool", () => {
  for (const [name, rules] of ruleFiles) {
    it(`have these values and alerts, written by ${name}`, async function () {
      await replay(programOrSkip(this, "promtool"), rules(), orders, checks);
    });
  }
});
