/** Addresses of the systems that alerts and dashboards link to, without a slash at the end. */
export interface LinkOptions {
  /** The folder of the runbooks, as a browser reaches it. */
  readonly runbooks?: string;
  readonly grafana?: string;
  readonly prometheus?: string;
  readonly alertmanager?: string;
  /** The search for traces, with `{service}`, `{start}` and `{end}` (milliseconds). */
  readonly traces?: string;
  /** The search for log lines, with the same. */
  readonly logs?: string;
  /** The search for errors in Sentry, with the same. */
  readonly errors?: string;
}
