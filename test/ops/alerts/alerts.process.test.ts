import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { alertFiles } from "../../../src/ops/alerts/alert-files.ts";
import type { Threshold } from "../../../src/ops/alerts/alert.ts";
import { commonAlerts } from "../../../src/ops/alerts/alerts.ts";
import type { AlertOptions } from "../../../src/ops/options/alert-options.ts";
import { defaultOptions, type OpsOptions } from "../../../src/ops/options/ops-options.ts";
import { alertTestFiles } from "../../../src/ops/tests/alert-test-files.ts";
import { programOrSkip } from "../../programs.ts";
import { withFolder } from "../generated-folder.ts";

const run = promisify(execFile);

const changes = { window: "15m", for: "0s", labels: { tier: "1" } };

/** Options of all alerts whose threshold can be set. The others are left out. */
function withThresholds(
  change: (threshold: Threshold) => number,
  minimum: number,
): OpsOptions["alerts"] {
  const free = commonAlerts.filter(({ threshold }) => threshold.isFixed !== true);
  const fixed = commonAlerts.filter(({ threshold }) => threshold.isFixed === true);
  return new Map<string, AlertOptions>([
    ...fixed.map(({ name }) => [name, { isEnabled: false }] as const),
    ...free.map(({ name, threshold, events }) => {
      const settings = { threshold: change(threshold), for: "90s" };
      return [name, events === undefined ? settings : { ...settings, minimum }] as const;
    }),
  ]);
}

/** Options under which all tests of all alerts have to pass. */
const rows: readonly { readonly title: string; readonly options: OpsOptions }[] = [
  { title: "the defaults", options: defaultOptions },
  {
    title: "other windows, no waiting, more labels, and services with teams of their own",
    options: {
      ...defaultOptions,
      business: [{ metric: "shop_orders_total", title: "Orders", by: [] }],
      services: [{ name: "shop", team: "web" }, { name: "payments" }],
      alerts: new Map(commonAlerts.map(({ name }) => [name, changes])),
    },
  },
  {
    title: "high thresholds and minimums",
    options: {
      ...defaultOptions,
      alerts: withThresholds(
        ({ unit, value }) => (unit === "ratio" ? 0.95 : value * 3 + 3),
        50_000,
      ),
    },
  },
  {
    title: "low thresholds, and without minimums",
    options: { ...defaultOptions, alerts: withThresholds(({ value }) => value / 10, 0) },
  },
];

describe("alerts for Prometheus", () => {
  for (const { title, options } of rows) {
    it(`fire and are silent as they should, with ${title}`, async function () {
      const promtool = programOrSkip(this, "promtool");
      await withFolder([...alertFiles(options), ...alertTestFiles(options)], async (folder) => {
        const checks = ["alerts.yaml", "alerts-calendar.yaml"].map(async (name) => {
          await run(promtool, ["check", "rules", join(folder, "prometheus", name)]);
          await run(promtool, ["test", "rules", join(folder, "tests", name)]);
        });
        await Promise.all(checks);
      });
    });
  }
});
