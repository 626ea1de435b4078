import assert from "node:assert/strict";
import { alertsOf } from "../../../src/ops/alerts/alerts.ts";
import { contextOf } from "../../../src/ops/alerts/alert-context.ts";
import { panelOf } from "../../../src/ops/grafana/alert-panel.ts";
import { silentReasonsByAlert } from "../../../src/ops/grafana/alert-panels.ts";
import type { Dashboard, Panel, Query } from "../../../src/ops/grafana/dashboard.ts";
import { dashboardsOf } from "../../../src/ops/grafana/dashboards.ts";
import { grafanaFiles } from "../../../src/ops/grafana/grafana-files.ts";
import { classicDashboard, type ClassicPanel } from "../../../src/ops/grafana/json/classic.ts";
import { dashboardResource } from "../../../src/ops/grafana/json/schema-v2.ts";
import { placePanels } from "../../../src/ops/grafana/layout.ts";
import { panelId, uidOf } from "../../../src/ops/grafana/panel-id.ts";
import { panelQueries } from "../../../src/ops/grafana/panel-queries.ts";
import { selectionMatchers } from "../../../src/ops/grafana/selection.ts";
import type { OpsOptions } from "../../../src/ops/options/ops-options.ts";
import { selector } from "../../../src/ops/prometheus/promql.ts";
import { optionRows } from "./options.ts";

/*
 * The rules of Grafana's dashboard-linter, and ours. Expressions are checked in
 * expressions.test.ts.
 */

/** Series that have no `job` and `instance` of a service, and what queries select them by. */
const otherSelections: readonly {
  readonly pattern: RegExp;
  readonly variables: readonly string[];
  readonly why: string;
}[] = [
  { pattern: /\bslo:/, variables: [], why: "recorded by objective, of all processes" },
  { pattern: /\bALERTS\{/, variables: ["$job"], why: "of a service, in the label service" },
  { pattern: /\botelcol_/, variables: [], why: "of the Collector, which is no service" },
  { pattern: /\bprobe_/, variables: [], why: "of the blackbox exporter, by address" },
  { pattern: /\balertmanager_/, variables: [], why: "of Alertmanager, which is no service" },
  { pattern: /\bprometheus_/, variables: [], why: "of Prometheus, which is no service" },
  { pattern: /^vector\(1\)$/, variables: [], why: "no series at all" },
];

for (const { title, options } of optionRows) {
  describe(`dashboards for Grafana, with ${title}`, () => {
    for (const dashboard of dashboardsOf(options)) describeDashboard(dashboard, options);
    describeAlerts(options);

    it("are the same files each time", () => {
      assert.deepEqual(grafanaFiles(options), grafanaFiles(options));
    });

    it("are listed with all of their queries", () => {
      const queries = dashboardsOf(options).flatMap((dashboard) =>
        panelsOf(dashboard).flatMap(({ queries }) => queries.map(({ expr }) => expr)),
      );
      assert.deepEqual(
        panelQueries(options).map(({ expr }) => expr),
        queries,
      );
    });
  });
}

function describeDashboard(dashboard: Dashboard, options: OpsOptions): void {
  const classic = classicDashboard(dashboard, options);
  const { spec, metadata } = dashboardResource(dashboard, options);
  const panels = panelsOf(dashboard);
  const name = dashboard.title;

  it(`have a title, a description and a unit on each panel of ${name}`, () => {
    for (const { title, description, fieldConfig } of classicPanels(dashboard, options)) {
      assert.match(title ?? "", /^[A-Z].+[^.]$/);
      assert.match(description ?? "", /^\S+ [^]{8}/, `the description of ${title}`);
      assert.match(fieldConfig?.defaults.unit ?? "", /\w/, `the unit of ${title}`);
    }
  });

  it(`have each id once in ${name}, and each title once in its row`, () => {
    const ids = classic.panels.map(({ id }) => id);
    assert.deepEqual([...new Set(ids)], ids);
    for (const { panels } of dashboard.rows) {
      const titles = panels.map(({ title }) => title);
      assert.deepEqual([...new Set(titles)], titles);
    }
  });

  it(`can't be edited in the browser, in both schemas of ${name}`, () => {
    assert.equal(classic.editable, false);
    assert.equal(spec.editable, false);
    assert.equal(classic.uid, uidOf(dashboard.name));
    assert.equal(metadata.name, classic.uid);
  });

  it(`read from a data source that is selected, in each panel of ${name}`, () => {
    const sources = new Set(
      dashboard.variables.flatMap(({ kind, name }) => (kind === "data source" ? [name] : [])),
    );
    for (const { targets, title } of classicPanels(dashboard, options))
      for (const { datasource } of targets)
        assert.ok(sources.has(/^\$\{(\w+)\}$/.exec(datasource.uid ?? "")?.[1] ?? ""), `${title}`);
  });

  it(`select several values or all of each label in ${name}`, () => {
    const labels = dashboard.variables.filter(({ kind }) => kind === "label");
    for (const variable of classic.templating.list ?? []) {
      if (!labels.some(({ name }) => name === variable.name)) continue;
      assert.deepEqual([variable.multi, variable.includeAll], [true, true], variable.name);
    }
  });

  it(`use the selection in each query of ${name}`, () => {
    // A panel of an alert has the expression of the rule, which is checked below.
    for (const { title, queries } of panels.filter(({ alert }) => alert === undefined))
      for (const query of queries)
        for (const variable of variablesOf(query))
          assert.ok(query.expr.includes(variable), `${title}: no ${variable} in ${query.expr}`);
  });

  it(`use only variables that exist in ${name}`, () => {
    const known = [
      ...dashboard.variables.map(({ name }) => name),
      ...["__rate_interval", "__range", "__auto"],
    ];
    for (const { title, queries } of panels)
      for (const { expr } of queries)
        for (const [, variable = ""] of expr.matchAll(/\$(\w+)/g))
          assert.ok(known.includes(variable), `${title}: $${variable}`);
  });

  it(`fill the columns of each row of ${name}, without panels over each other`, () => {
    for (const row of dashboard.rows) {
      const cells = placePanels(row).flatMap(({ x, y, width, height }) => {
        assert.ok(x + width <= 24);
        return Array.from({ length: width * height }, (_, cell) => {
          return `${x + (cell % width)},${y + Math.floor(cell / width)}`;
        });
      });
      assert.equal(new Set(cells).size, cells.length, row.title);
    }
  });

  it(`have the same panels and queries in both schemas of ${name}`, () => {
    const ofClassic = classicPanels(dashboard, options).map((panel) => ({
      id: panel.id,
      title: panel.title,
      description: panel.description,
      view: panel.type,
      queries: panel.targets.map(({ datasource, ...query }) => [datasource.uid, query]),
      options: panel.options,
      fieldConfig: panel.fieldConfig,
      transformations: panel.transformations ?? [],
      links: (panel.links ?? []).map(({ title, url }) => [title, url]),
    }));
    const ofV2 = Object.values(spec.elements).map((element) => {
      assert.equal(element.kind, "Panel");
      const { data, vizConfig, links, ...panel } = element.spec;
      return {
        id: panel.id,
        title: panel.title,
        description: panel.description,
        view: vizConfig.group,
        queries: data.spec.queries.map(({ spec: { query, refId } }) => [
          query.datasource?.name,
          { refId, ...(query.spec as object) },
        ]),
        options: vizConfig.spec.options,
        fieldConfig: vizConfig.spec.fieldConfig,
        transformations: data.spec.transformations.map(({ group, spec: { options } }) => ({
          id: group,
          options,
        })),
        links: links.map(({ title, url }) => [title, url]),
      };
    });
    assert.deepEqual(ofV2, ofClassic);
  });

  it(`place each panel once in schema v2 of ${name}`, () => {
    assert.equal(spec.layout.kind, "RowsLayout");
    const placed = spec.layout.spec.rows.flatMap(({ spec: { layout } }) => {
      assert.equal(layout.kind, "GridLayout");
      return layout.spec.items.map(({ spec }) => spec.element.name);
    });
    assert.deepEqual(placed.toSorted(), Object.keys(spec.elements).toSorted());
  });
}

function describeAlerts(options: OpsOptions): void {
  const panels = dashboardsOf(options).flatMap((dashboard) =>
    classicPanels(dashboard, options).map((panel) => ({ uid: uidOf(dashboard.name), panel })),
  );

  for (const alert of alertsOf(options)) {
    it(`draw the value of ${alert.name} and its threshold, and link to its runbook`, () => {
      const { uid, id } = panelOf(alert);
      const panel = panels.find(({ uid: other, panel }) => other === uid && panel.id === id)?.panel;
      assert.ok(panel !== undefined);
      const context = contextOf(alert, options);
      const value = alert.value({
        ...context,
        series: (metric, ...matchers) => selector(metric, [...selectionMatchers, ...matchers]),
      });
      assert.deepEqual(
        panel.targets.map(({ expr }) => expr),
        [value],
      );
      const { thresholds, custom } = panel.fieldConfig?.defaults ?? {};
      assert.equal(thresholds?.steps[1]?.value, context.threshold);
      assert.deepEqual((custom as { readonly thresholdsStyle?: object }).thresholdsStyle, {
        mode: "line",
      });
      const runbook = `runbooks/${alert.name}.md`;
      assert.ok(panel.description?.includes(runbook));
      if (options.links.runbooks === undefined) return;
      const urls = (panel.links ?? []).map(({ url = "" }) => url);
      assert.ok(urls.includes(`https://docs.example/${runbook}`));
    });
  }
}

describe("an empty panel of an alert", () => {
  const alerts = optionRows.flatMap(({ options }) => alertsOf(options));

  it("has a reason of its alert, or of the subject", () => {
    const names = new Set(alerts.map(({ name }) => name));
    const unknown = Object.keys(silentReasonsByAlert).filter((name) => !names.has(name));
    assert.deepEqual(unknown, []);
  });

  it("has that of its alert in its explanation, and none where it is never empty", () => {
    const explained = (name: string): string => {
      const options = optionRows[0]!.options;
      const panels = dashboardsOf(options).flatMap(panelsOf);
      const panel = panels.find(({ alert }) => alert === name);
      return panel?.silent?.reason ?? "none";
    };
    assert.equal(explained("Watchdog"), "none");
    assert.match(explained("DailySummary"), /ten minutes each day, from 9:00 UTC/);
    assert.match(explained("JobsFail"), /runs no jobs/);
    assert.match(explained("QueueStalls"), /uses no queue/);
  });
});

describe("ids of panels", () => {
  it("depend on the key only, since they are in links that were sent", () => {
    assert.equal(panelId("a"), 0xe40c292c % 1e9);
    assert.equal(panelId("HighErrorRatio"), 930853856);
  });
});

function panelsOf({ rows }: Dashboard): readonly Panel[] {
  return rows.flatMap(({ panels }) => panels);
}

function classicPanels(dashboard: Dashboard, options: OpsOptions): readonly ClassicPanel[] {
  return classicDashboard(dashboard, options).panels.flatMap((panel) =>
    "targets" in panel ? [panel] : [],
  );
}

/** Returns the variables that a query has to use. */
function variablesOf({ source, expr }: Query): readonly string[] {
  if (source === "logs") return ["$service"];
  const other = otherSelections.find(({ pattern }) => pattern.test(expr));
  return other === undefined ? ["$job", "$instance"] : other.variables;
}
