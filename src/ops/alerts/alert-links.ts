import { panelOf } from "../grafana/alert-panel.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { Alert } from "./alert.ts";

/**
 * Returns the links of an alert as annotations: its runbook, its dashboard at that time, and
 * an example trace, error and log line. Those without an address in the options are left out.
 */
export function linksOf(alert: Alert, { links }: OpsOptions): Pairs {
  const pairs: Record<string, string> = {};
  if (links.runbooks !== undefined) pairs["runbook_url"] = `${links.runbooks}/${alert.name}.md`;
  if (links.grafana !== undefined) pairs["dashboard_url"] = panelUrl(alert, links.grafana);
  // A search needs a service: one over all of them would find something else.
  if (!alert.by.includes("job")) return pairs;
  for (const name of ["traces", "logs", "errors"] as const) {
    const search = links[name];
    if (search !== undefined) pairs[`${name}_url`] = searchUrl(search);
  }
  return pairs;
}

/**
 * Returns the address of the panel of an alert, in the hour before the evaluation, of the
 * service. It is a template of Prometheus.
 */
function panelUrl(alert: Alert, grafana: string): string {
  const { uid, id } = panelOf(alert);
  const service = alert.by.includes("job") ? "&var-job={{ $labels.job | urlquery }}" : "";
  const range = `from=${millisecondsAt("- 3600")}&to=${millisecondsAt("+ 300")}`;
  return `${grafana}/d/${uid}?viewPanel=${id}&${range}${service}`;
}

/** Fills in the service, and the hour before the evaluation. `job` may be `namespace/name`. */
function searchUrl(search: string): string {
  return search
    .replaceAll("{service}", '{{ reReplaceAll "^.*/" "" $labels.job | urlquery }}')
    .replaceAll("{start}", millisecondsAt("- 3600"))
    .replaceAll("{end}", millisecondsAt("+ 300"));
}

/** Templates of annotations have no clock but that of queries. */
function millisecondsAt(offset: string): string {
  return `{{ query "(time() ${offset}) * 1000" | first | value | printf "%.0f" }}`;
}
