/** Labels or annotations, in the order in which they are written. */
export type Pairs = Readonly<Record<string, string>>;

interface RuleBase {
  /** The reason of the rule, one line each. */
  readonly comment: readonly string[];
  /** PromQL. May have several lines. */
  readonly expr: string;
  readonly labels: Pairs;
}

export interface RecordingRule extends RuleBase {
  readonly record: string;
}

export interface AlertingRule extends RuleBase {
  readonly alert: string;
  /** How long the expression has to be true, such as `15m`. Undefined: one evaluation. */
  readonly for?: string;
  /** How long it goes on to fire when the expression is no longer true. Undefined: not at all. */
  readonly keepFiringFor?: string;
  readonly annotations: Pairs;
}

export type Rule = RecordingRule | AlertingRule;

export interface RuleGroup {
  readonly name: string;
  readonly comment: readonly string[];
  /** Time between evaluations, such as `1m`. */
  readonly interval: string;
  readonly rules: readonly Rule[];
}

/**
 * Renders a file of rules for Prometheus. The same groups are always the same text.
 *
 * @param header lines of the comment at the top.
 */
export function renderRuleFile(header: readonly string[], groups: readonly RuleGroup[]): string {
  const blocks = groups.map((group) => groupLines(group).join("\n"));
  return `${comments(header).join("\n")}\n\ngroups:\n${blocks.join("\n\n")}\n`;
}

function groupLines({ name, comment, interval, rules }: RuleGroup): string[] {
  return [
    ...indent(comments(comment), 2),
    `  - name: ${yamlText(name)}`,
    `    interval: ${interval}`,
    "    rules:",
    ...indent(rules.flatMap(ruleLines), 6),
  ];
}

function ruleLines(rule: Rule): string[] {
  const isAlert = "alert" in rule;
  const lines = [
    ...comments(rule.comment),
    isAlert ? `- alert: ${yamlText(rule.alert)}` : `- record: ${yamlText(rule.record)}`,
    "  expr: |",
    ...indent(rule.expr.split("\n"), 4),
  ];
  if (isAlert && rule.for !== undefined) lines.push(`  for: ${rule.for}`);
  if (isAlert && rule.keepFiringFor !== undefined)
    lines.push(`  keep_firing_for: ${rule.keepFiringFor}`);
  lines.push(...pairLines("labels", rule.labels));
  if (isAlert) lines.push(...pairLines("annotations", rule.annotations));
  return lines;
}

function pairLines(key: string, pairs: Pairs): string[] {
  if (Object.keys(pairs).length === 0) return [];
  return [
    `  ${key}:`,
    ...Object.entries(pairs).map(([name, text]) => `    ${name}: ${yamlText(text)}`),
  ];
}

function comments(lines: readonly string[]): string[] {
  return lines.map((line) => `# ${line}`);
}

function indent(lines: readonly string[], width: number): string[] {
  return lines.map((line) => " ".repeat(width) + line);
}

/** Texts that YAML reads as texts without quotes: letters first, then no sign with a meaning. */
const PLAIN = /^[A-Za-z][\w./:-]*$/;
/** Words that YAML reads as booleans or null. */
const WORDS = /^(?:true|false|yes|no|on|off|y|n|null)$/i;

/** A text of JSON is one of YAML, too. */
function yamlText(text: string): string {
  const isPlain = PLAIN.test(text) && !WORDS.test(text) && !text.endsWith(":");
  return isPlain ? text : JSON.stringify(text);
}
