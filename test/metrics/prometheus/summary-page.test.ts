import assert from "node:assert/strict";
import { createMetricsFixture } from "../metrics-fixture.ts";
import { parsePage } from "../exposition.ts";
import { pageText } from "./page-text.ts";

describe("A summary on the Prometheus page", () => {
  for (const format of ["classic", "openmetrics"] as const) {
    it(`has quantiles, sum and count: ${format}`, () => {
      const { store, collect } = createMetricsFixture();
      const options = { unit: "g", description: "Weights.", quantiles: [0, 0.5, 1] };
      const weights = store.provider.getMeter("telltale").createSummary("shop.parcel", options);
      for (const weight of [100, 100, 100])
        weights.record(weight, { kind: "box", quantile: "own" });
      weights.bind({ kind: "bag" });
      const page = pageText(collect(), { format, config: { targetInfo: false } });
      const unit = format === "openmetrics" ? "# UNIT shop_parcel_grams grams\n" : "";
      assert.equal(
        page.replace("# EOF\n", ""),
        `# HELP shop_parcel_grams Weights.\n# TYPE shop_parcel_grams summary\n${unit}` +
          `shop_parcel_grams{kind="box",exported_quantile="own",quantile="0.0"} 100\n` +
          `shop_parcel_grams{kind="box",exported_quantile="own",quantile="0.5"} 100\n` +
          `shop_parcel_grams{kind="box",exported_quantile="own",quantile="1.0"} 100\n` +
          `shop_parcel_grams_sum{kind="box",exported_quantile="own"} 300\n` +
          `shop_parcel_grams_count{kind="box",exported_quantile="own"} 3\n`,
      );
      parsePage(page, format);
    });
  }
});
