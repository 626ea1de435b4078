import type { ParsedGroup, ParsedRule } from "./rule-files.ts";

/** What distinguishes our rules from those of Sloth. */
export interface Difference {
  readonly name: string;
  readonly reason: string;
  /** Makes a group of Sloth's rules ours in this respect. */
  readonly apply: (group: ParsedGroup, objective: SlothObjective) => ParsedGroup;
}

/** What the rules of Sloth have of an objective. */
export interface SlothObjective {
  /** Whether it is a ratio whose number of events is not known. */
  readonly isRaw: boolean;
  /** The labels of all its rules. */
  readonly labels: Labels;
  /** Good events, in percent. */
  readonly percent: string;
  /** Days. */
  readonly period: string;
}

type Labels = Readonly<Record<string, string>>;

/** Options of the rules that are compared. */
export const MIN_EVENTS = 20;

const EVENTS = "slo:events:increase5m";
const FAILED_EVENTS = "slo:error_events:increase5m";
const RATIO = "slo:sli_error:ratio_rate";

/** All differences, in the order in which they are applied. */
export const differences: readonly Difference[] = [
  {
    name: "Series are selected by `sloth_id` alone",
    reason: "it is unique, and shorter to read",
    apply: (group) =>
      withExpressions(group, ({ expr }) =>
        expr
          .replaceAll(/(\{sloth_id="[^"]+"), ?sloth_service="[^"]+", ?sloth_slo="[^"]+"\}/g, "$1}")
          .replaceAll(
            "on(sloth_id, sloth_slo, sloth_service) group_left",
            "on (sloth_id) group_left ()",
          ),
      ),
  },
  {
    name: "Numbers have no noise of binary fractions",
    reason: "`0.0009999999999999432` is 0.001",
    apply: (group) =>
      withExpressions(group, ({ expr }) =>
        expr
          .replace(
            /^vector\(1-([\d.]+)\)$/,
            (_, ratio: string) => `vector(${tidy(1 - Number(ratio))})`,
          )
          .replace(/^vector\(([\d.]+)\)$/, (_, value: string) => `vector(${tidy(Number(value))})`)
          .replaceAll(/\(([\d.]+) \* ([\d.]+)\)/g, (_, factor: string, budget: string) =>
            tidy(Number(factor) * Number(tidy(Number(budget)))),
          ),
      ),
  },
  {
    name: "Groups are evaluated each minute",
    reason: "the number of events of a window is the sum of those of each minute",
    apply: (group) => ({ ...group, interval: "1m" }),
  },
  {
    name: "The numbers of events of 5 minutes are recorded, all and failed",
    reason: "for the minimum of events; failures without a series are none",
    apply: (group) => {
      const [first, ...rest] = group.rules;
      const queries = first && eventsOf(first);
      if (first === undefined || queries === undefined) return group;
      const { sloth_window: _, ...labels } = first.labels;
      const times = /\brate\(/.test(queries.total) ? " * 300" : "";
      const events = { record: EVENTS, expr: `(${queries.total})${times}`, labels };
      const failed = {
        record: FAILED_EVENTS,
        expr: `(${queries.failed})${times} or 0 * (${queries.total})`,
        labels,
      };
      return { ...group, rules: [events, failed, first, ...rest] };
    },
  },
  {
    name: "Ratios are those of the recorded numbers of events",
    reason:
      "sums are cheap for days, and each event has the same weight, also in the period, where with Sloth each 5 minutes have it",
    apply: (group) =>
      group.rules[0]?.record === EVENTS
        ? withExpressions(group, (rule) => (isRatio(rule) ? ratioOfEvents(rule) : rule.expr))
        : group,
  },
  {
    name: "A `raw` ratio is no value if it is NaN",
    reason: "that is a ratio without traffic, which would make that of the period NaN, too",
    apply: (group, { isRaw }) =>
      withExpressions(group, (rule) =>
        isRaw && isRatio(rule) && !rule.expr.includes("ignoring") ? `${rule.expr} >= 0` : rule.expr,
      ),
  },
  {
    name: "The `raw` ratio of the period is an `avg_over_time`",
    reason: "which is the sum by the count",
    apply: (group) =>
      withExpressions(group, ({ expr }) =>
        expr.replace(
          /^sum_over_time\((\S+)\) \/ ignoring \(sloth_window\) count_over_time\(\1\)$/,
          "avg_over_time($1)",
        ),
      ),
  },
  {
    name: '`sloth_slo_info` has `sloth_mode="telltale"`, and no version',
    reason: "the rules are not Sloth's",
    apply: (group) =>
      withRules(group, (rule) => {
        if (rule.record !== "sloth_slo_info") return rule;
        const { sloth_spec: _spec, sloth_version: _version, ...labels } = rule.labels;
        return { ...rule, labels: { ...labels, sloth_mode: "telltale" } };
      }),
  },
  {
    name: "An alert fires at its rate, and not only above",
    reason: "14.4x is the rate that it is for",
    apply: (group) =>
      withExpressions(group, ({ expr }) =>
        expr.replaceAll(/(ratio_rate\w+\{[^}]+\}) > ([\d.]+)/g, "$1 >= $2"),
      ),
  },
  {
    name: "The long window is first in an alert, and `max` below the comparison",
    reason: "the value of the alert is the ratio of the long window, and the result is the same",
    apply: (group) =>
      withExpressions(group, ({ expr }) =>
        expr.replaceAll(
          /\(max\((\S+) >= (\S+)\) without \(sloth_window\) and max\((\S+) >= (\S+)\) without \(sloth_window\)\)/g,
          "(max without (sloth_window) ($3) >= $4 and max without (sloth_window) ($1) >= $2)",
        ),
      ),
  },
  {
    name: "A rate that no number of failures reaches is left out",
    reason: "14.4x of the budget of 90% is 144% of the events",
    apply: (group) =>
      withConditions(group, (condition) =>
        Number(/ >= ([\d.]+)/.exec(condition)?.[1]) > 1 ? undefined : condition,
      ),
  },
  {
    name: "An alert needs a minimum of events and failures in its long window",
    reason: "one failed request of three pages no one; a `raw` ratio has no numbers",
    apply: (group, { isRaw }) =>
      isRaw ? group : withConditions(group, (condition) => withMinimum(condition)),
  },
  {
    name: "Alerts have the label `severity`, and those of the objective, in the rule",
    reason:
      "Alertmanager routes by `severity`; the others are those that Sloth's alerts have by their series",
    apply: (group, { labels }) =>
      withRules(group, (rule) => {
        if (rule.alert === undefined) return rule;
        const severity = rule.labels["sloth_severity"] ?? "";
        return { ...rule, labels: { severity, ...labels, ...rule.labels } };
      }),
  },
  {
    name: "Annotations have the ratio, the objective and what to do, and no `title`",
    reason: "what a person on call needs",
    apply: (group, objective) =>
      withRules(group, (rule) => {
        if (rule.annotations === undefined) return rule;
        const { title: _, summary, ...others } = rule.annotations;
        const isDefault = summary?.endsWith("SLO error budget burn rate is over expected.");
        return {
          ...rule,
          annotations: {
            ...annotationsOf(rule, objective),
            ...others,
            ...(summary !== undefined && isDefault === false && { summary }),
          },
        };
      }),
  },
];

function annotationsOf({ labels }: ParsedRule, { percent, period }: SlothObjective): Labels {
  const isPage = labels["sloth_severity"] === "page";
  const speed = isPage ? "within days" : "by the end of the period";
  return {
    summary:
      "{{ $value | humanizePercentage }} of the events of {{ $labels.sloth_service }} failed {{ $labels.sloth_slo }}",
    description: `The objective is ${percent}% in ${period} days. At this rate its error budget is used up ${speed}.`,
    action: isPage
      ? "Look at the errors and slow traces of the last hour, and at what was deployed; roll back if in doubt"
      : "Find the cause within days: the error budget left is slo:period_error_budget_remaining:ratio",
  };
}

function withMinimum(condition: string): string {
  const [, window, id] = /ratio_rate(\w+)(\{[^}]+\})/.exec(condition) ?? [];
  const minimum = (name: string, count: number): string =>
    `and sum_over_time(${name}${id}[${window}]) / 5 > ${count - 0.5}`;
  const both = [minimum(EVENTS, MIN_EVENTS), minimum(FAILED_EVENTS, 3)].join(" ");
  return `${condition.slice(0, -1)} ${both})`;
}

/** Changes each condition of alerts, or leaves it out. */
function withConditions(
  group: ParsedGroup,
  change: (condition: string) => string | undefined,
): ParsedGroup {
  return withExpressions(group, ({ alert, expr }) => {
    if (alert === undefined) return expr;
    return expr
      .split(" or ")
      .flatMap((condition) => change(condition) ?? [])
      .join(" or ");
  });
}

/** The queries of Sloth's ratio of 5 minutes, `(failed) / (total)`. Undefined: it is another one. */
export function eventsOf({ record, expr }: ParsedRule): Queries | undefined {
  if (record !== `${RATIO}5m`) return undefined;
  const [, failed, total] = /^\((.*)\) \/ \((.*)\)$/.exec(expr) ?? [];
  return failed === undefined || total === undefined || !isBalanced(failed)
    ? undefined
    : { failed, total };
}

interface Queries {
  readonly failed: string;
  readonly total: string;
}

/** The parentheses around both queries are those of the ratio. */
function isBalanced(query: string): boolean {
  let depth = 0;
  for (const character of query) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function isRatio({ record }: ParsedRule): boolean {
  return record?.startsWith(RATIO) === true;
}

function ratioOfEvents({ labels }: ParsedRule): string {
  const { sloth_id: id, sloth_window: window } = labels;
  const over = (name: string): string => {
    const series = `${name}{sloth_id="${id}"}`;
    return window === "5m" ? series : `sum_over_time(${series}[${window}])`;
  };
  return `${over(FAILED_EVENTS)} / (${over(EVENTS)} > 0)`;
}

function withExpressions(group: ParsedGroup, change: (rule: ParsedRule) => string): ParsedGroup {
  return withRules(group, (rule) => ({ ...rule, expr: change(rule) }));
}

function withRules(group: ParsedGroup, change: (rule: ParsedRule) => ParsedRule): ParsedGroup {
  return { ...group, rules: group.rules.map(change) };
}

function tidy(value: number): string {
  return `${Number(value.toPrecision(9))}`;
}
