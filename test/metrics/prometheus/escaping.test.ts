import assert from "node:assert/strict";
import type { PrometheusTranslation } from "../../../src/config/config.ts";
import {
  escapeLabelName,
  escapeName,
  type Escaping,
  escapings,
} from "../../../src/metrics/prometheus/escaping.ts";
import { parsePage, samplesOf } from "../exposition.ts";
import { createMetricsFixture } from "../metrics-fixture.ts";
import { pageText } from "./page-text.ts";

/** A name by each scheme. The first three are those of Prometheus' own tests. */
const escaped: readonly (readonly [string, Readonly<Record<Escaping, string>>])[] = [
  [
    "mysystem.prod.west.cpu.load",
    {
      "allow-utf-8": "mysystem.prod.west.cpu.load",
      underscores: "mysystem_prod_west_cpu_load",
      dots: "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
      values: "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load",
    },
  ],
  [
    "http.status:sum",
    {
      "allow-utf-8": "http.status:sum",
      underscores: "http_status:sum",
      dots: "http_dot_status:sum",
      values: "U__http_2e_status:sum",
    },
  ],
  [
    "no:escaping_required",
    {
      "allow-utf-8": "no:escaping_required",
      underscores: "no:escaping_required",
      dots: "no:escaping__required",
      values: "no:escaping_required",
    },
  ],
  [
    "label with 😱",
    {
      "allow-utf-8": "label with 😱",
      underscores: "label_with__",
      dots: "label__with____",
      values: "U__label_20_with_20__1f631_",
    },
  ],
  [
    "1.größe_a",
    {
      "allow-utf-8": "1.größe_a",
      underscores: "__gr__e_a",
      dots: "___dot_gr____e__a",
      values: "U___31__2e_gr_f6__df_e__a",
    },
  ],
];

describe("A name that an old scraper can't read", () => {
  for (const [name, expected] of escaped) {
    for (const escaping of escapings) {
      it(`"${name}" becomes ${expected[escaping]} by ${escaping}`, () => {
        assert.equal(escapeName(name, escaping), expected[escaping]);
      });
    }
  }

  it("has no colon in a label", () => {
    const names = escapings.map((escaping) => escapeLabelName("a:b", escaping));
    assert.deepEqual(names, ["a:b", "a_b", "a__b", "U__a_3a_b"]);
  });
});

/** The first sample of the counter `shop.größe` in seconds on the page, by translation and escaping. */
const translated: readonly (readonly [PrometheusTranslation, Escaping, string])[] = [
  ["underscore_escaping_with_suffixes", "underscores", 'shop_gr_e_seconds_total{gr_e="1"}'],
  ["underscore_escaping_with_suffixes", "allow-utf-8", 'shop_gr_e_seconds_total{gr_e="1"}'],
  ["underscore_escaping_with_suffixes", "values", 'shop_gr_e_seconds_total{gr_e="1"}'],
  ["underscore_escaping_with_suffixes", "dots", 'shop__gr__e__seconds__total{gr__e="1"}'],
  ["underscore_escaping_without_suffixes", "underscores", 'shop_gr_e{gr_e="1"}'],
  ["no_utf8_escaping_with_suffixes", "allow-utf-8", '{"shop.größe_seconds_total","grö.ße"="1"}'],
  ["no_utf8_escaping_with_suffixes", "underscores", 'shop_gr__e_seconds_total{gr___e="1"}'],
  ["no_utf8_escaping_with_suffixes", "dots", 'shop_dot_gr____e__seconds__total{gr___dot___e="1"}'],
  [
    "no_utf8_escaping_with_suffixes",
    "values",
    'U__shop_2e_gr_f6__df_e__seconds__total{U__gr_f6__2e__df_e="1"}',
  ],
  ["no_translation", "allow-utf-8", '{"shop.größe","grö.ße"="1"}'],
  ["no_translation", "underscores", 'shop_gr__e{gr___e="1"}'],
];

describe("A name on the Prometheus page", () => {
  for (const [translation, escaping, expected] of translated) {
    it(`with ${translation} and ${escaping} is that of ${expected}`, () => {
      const { store, collect } = createMetricsFixture();
      const meter = store.provider.getMeter("telltale");
      meter.createCounter("shop.größe", { unit: "s" }).add(2, { "grö.ße": 1 });
      const collected = collect();
      const config = { translation };
      const lines = pageText(collected, { escaping, config }).split("\n");
      assert.equal(lines.at(-2), `${expected} 2`);
      const open = pageText(collected, { escaping, config, format: "openmetrics" });
      // OpenMetrics requires the suffix.
      const isSuffixed = translation.endsWith("with_suffixes");
      const sample = open.split("\n").at(-3)!;
      if (isSuffixed) assert.equal(sample, `${expected} 2`);
      else assert.match(sample, /_total[{"]/);
    });
  }

  for (const escaping of escapings) {
    for (const format of ["classic", "openmetrics"] as const) {
      it(`in ${format} with ${escaping} is valid for every kind of instrument`, () => {
        const { store, collect } = createMetricsFixture();
        const meter = store.provider.getMeter("app.of größe", "1");
        const attributes = { le: "x", quantile: "y", 'a "b"\\\n': "1", größe: "2", __name__: "z" };
        meter.createCounter("zähler", { unit: "By" }).add(1, attributes);
        meter.createHistogram("verteilung.größe", { unit: "s" }).record(1, attributes);
        meter.createGauge('hö"he\\\n', { unit: "1" }).record(1, attributes);
        meter.createUpDownCounter("\ud800").add(1, attributes);
        const config = { translation: "no_utf8_escaping_with_suffixes", created: true } as const;
        const page = parsePage(pageText(collect(), { format, escaping, config }), format);
        assert.equal(page.types.size, 5);
        const name = escapeName("verteilung.größe_seconds", escaping);
        assert.equal(samplesOf(page, `${name}_count`)[0]?.value, 1);
      });
    }
  }
});
