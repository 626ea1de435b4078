import { parse, parseAllDocuments } from "yaml";
import type { OutputFile } from "../../../src/ops/output-file.ts";

/** An expression of PromQL in a generated file. */
export interface GeneratedExpression {
  readonly file: string;
  /** What it belongs to: the name of a rule, or the title of a panel. */
  readonly name: string;
  readonly use: "record" | "alert" | "panel" | "variable" | "runbook";
  /** With the values of Grafana's variables instead of their names. */
  readonly expr: string;
  /** Labels that a rule adds. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A rule of a file for Prometheus. */
interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RuleGroups {
  readonly groups?: readonly { readonly rules: readonly Rule[] }[];
}

interface ClassicPanel {
  readonly title?: string;
  readonly panels?: readonly ClassicPanel[];
  readonly datasource?: { readonly type?: string };
  readonly targets?: readonly { readonly expr?: string; readonly datasource?: { type?: string } }[];
}

interface ClassicDashboard {
  readonly panels?: readonly ClassicPanel[];
  readonly templating?: {
    readonly list?: readonly {
      readonly name: string;
      readonly type: string;
      readonly query?: string | { readonly query?: string };
      readonly datasource?: { readonly type?: string };
    }[];
  };
}

/** Grafana's variables of time, which are no PromQL, with values of a short range. */
const TIMES: readonly (readonly [variable: RegExp, value: string])[] = [
  [/\$(?:__rate_interval|\{__rate_interval\})/gu, "1m"],
  [/\$(?:__range|\{__range\})(?![\w])/gu, "5m"],
  [/\$(?:__interval|\{__interval\})(?![\w])/gu, "15s"],
];

/** Returns all expressions of the files of an output folder. */
export function expressionsOf(files: readonly OutputFile[]): readonly GeneratedExpression[] {
  return files.flatMap((file) => {
    const { path, text } = file;
    if (/^prometheus\/.*\.ya?ml$/u.test(path))
      return ruleExpressions(path, parse(text) as RuleGroups);
    if (path.startsWith("kubernetes/")) return resourceExpressions(file);
    if (/^grafana\/dashboards\/[^/]*\.json$/u.test(path))
      return dashboardExpressions(path, JSON.parse(text) as ClassicDashboard);
    if (/^runbooks\/.*\.md$/u.test(path)) return runbookExpressions(file);
    return [];
  });
}

function ruleExpressions(file: string, { groups = [] }: RuleGroups): GeneratedExpression[] {
  return groups.flatMap(({ rules }) =>
    rules.map(({ record, alert, expr, labels = {} }) => ({
      ...{ file, expr, labels },
      name: record ?? alert ?? "",
      use: record === undefined ? "alert" : "record",
    })),
  );
}

/** Returns those of the resources `PrometheusRule` of Kubernetes. */
function resourceExpressions({ path, text }: OutputFile): GeneratedExpression[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as { kind?: string; spec?: RuleGroups } | null)
    .filter((resource) => resource?.kind === "PrometheusRule")
    .flatMap((resource) => ruleExpressions(path, resource?.spec ?? {}));
}

function dashboardExpressions(file: string, dashboard: ClassicDashboard): GeneratedExpression[] {
  const variables = (dashboard.templating?.list ?? []).filter(({ type }) => type === "query");
  return [
    ...variables.flatMap(({ name, query, datasource }) => {
      const text = typeof query === "string" ? query : (query?.query ?? "");
      const [, expr] = /^label_values\((.*), *\w+\)$/su.exec(text) ?? [];
      if (expr === undefined || (datasource?.type ?? "prometheus") !== "prometheus") return [];
      return [
        { file, name: `$${name}`, use: "variable", expr: withoutVariables(expr), labels: {} },
      ] as const;
    }),
    ...panelsOf(dashboard.panels ?? []).flatMap(({ title = "", targets = [], datasource }) =>
      targets.flatMap((target) => {
        const source = target.datasource?.type ?? datasource?.type;
        if (target.expr === undefined || source !== "prometheus") return [];
        const expr = withoutVariables(target.expr);
        return [{ file, name: title, use: "panel", expr, labels: {} }] as const;
      }),
    ),
  ];
}

/** Returns all panels, those in rows too. */
function panelsOf(panels: readonly ClassicPanel[]): readonly ClassicPanel[] {
  return panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);
}

function runbookExpressions({ path, text }: OutputFile): GeneratedExpression[] {
  const blocks = text.matchAll(/^```(?:text|promql)\n(.*?)\n```$/gmsu);
  return [...blocks].map(([, expr = ""]) => ({
    ...{ file: path, expr, labels: {} },
    name: path.replace(/^runbooks\/|\.md$/gu, ""),
    use: "runbook",
  }));
}

/** Selects everything, and replaces the variables of time. */
function withoutVariables(expr: string): string {
  const timed = TIMES.reduce((text, [variable, value]) => text.replaceAll(variable, value), expr);
  return timed.replaceAll(/\$(?:\{\w+(?::\w+)?\}|(?!__)[a-z]\w*)/gu, ".*");
}
