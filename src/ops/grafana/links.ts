import type { LinkOptions } from "../options/link-options.ts";
import type { PanelLink } from "./dashboard.ts";
import { uidOf } from "./panel-id.ts";

/** A link to the lines of the selected services at the same time. Grafana adds its own path. */
export const logsLink: PanelLink = {
  title: "Log lines at this time",
  url: `/d/${uidOf("logs")}?\${__url_time_range}&\${job:queryparam}`,
};

/**
 * Returns a link to the errors of the selected services in Sentry, at the same time. None
 * without its address in the options.
 */
export function errorsLink({ errors }: LinkOptions): readonly PanelLink[] {
  if (errors === undefined) return [];
  const url = errors
    .replaceAll("{service}", "${job}")
    .replaceAll("{start}", "${__from}")
    .replaceAll("{end}", "${__to}");
  return [{ title: "Errors in Sentry at this time", url }];
}
