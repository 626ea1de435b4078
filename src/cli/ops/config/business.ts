import type { BusinessCounter } from "../../../ops/options/business-options.ts";
import type { TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { LABEL_NAME } from "./text-rules.ts";

const COUNTER: TextRule = {
  pattern: /^[A-Za-z_]\w{0,190}_total$/,
  expected: "the name of a counter in Prometheus, such as shop_orders_total",
};
const TITLE: TextRule = {
  pattern: /^[^\p{Cc}{}$]{1,60}$/u,
  expected: "at most 60 characters without $, { and }",
};

/** Reads `business`: counters of the app, by their name in Prometheus. */
export function readBusinessCounters(section: YamlMap | undefined): readonly BusinessCounter[] {
  if (section === undefined) return [];
  return section.keys.map((metric) => {
    if (!COUNTER.pattern.test(metric)) section.problem(metric, `expected ${COUNTER.expected}`);
    const counter = section.map(metric);
    const title = counter?.text("title", TITLE) ?? titleOf(metric);
    const by = counter?.list("by", LABEL_NAME) ?? [];
    counter?.end();
    return { metric, title, by };
  });
}

/** `shop_orders_total` is called "Shop orders". */
function titleOf(metric: string): string {
  const words = metric.replace(/_total$/, "").replaceAll("_", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
