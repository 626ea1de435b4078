/** What the options of a run name. */
export interface NamedInOptions {
  readonly slackFile: string;
  readonly keyFile: string;
  /** Host and port. */
  readonly smarthost: string;
  /** Where the generated files are served. */
  readonly pages: string;
}

/** Windows of rates that the options refuse: a scrape each second fills them. */
export const shortWindows: Readonly<Record<string, string>> = {
  HighErrorRatio: "10s",
  ElevatedErrorRatio: "10s",
  ExceptionsRise: "10s",
  SlowRequests: "10s",
  SlowQueries: "10s",
  DatabaseUnreachable: "8s",
  RedisUnreachable: "8s",
};

/**
 * Returns a `telltale.ops.yaml`. Thresholds are the usual ones, apart from that of free space,
 * because the root of a developer's machine may have less. Only windows and waits are shorter.
 */
export function optionsText({ slackFile, keyFile, smarthost, pages }: NamedInOptions): string {
  return `
services: { shop: {}, cart: {} }
links:
  runbooks: ${pages}/runbooks
  grafana: https://grafana.example
  traces: "https://jaeger.example/search?service={service}&start={start}&end={end}"
  logs: "https://logs.example/{service}?from={start}&to={end}"
  errors: "https://sentry.example/issues/?query=service%3A{service}&start={start}&end={end}"
alertmanager:
  mail_server: { smarthost: "${smarthost}", from: alerts@shop.example, require_tls: false }
  receivers:
    slack: { channel: "#alerts", url_file: ${slackFile} }
    pagerduty: { key_file: ${keyFile} }
    email: team@shop.example
alerts:
  HighErrorRatio: { for: 8s, keep_firing_for: 6s }
  ElevatedErrorRatio: { for: 12s }
  ExceptionsRise: { for: 10s }
  SlowRequests: { for: 10s }
  SlowQueries: { for: 10s }
  PoolNearlyUsedUp: { for: 1s }
  RequestsWaitForPool: { for: 1s }
  DatabaseUnreachable: { for: 1s, keep_firing_for: 13s }
  RedisUnreachable: { for: 1s, keep_firing_for: 13s, minimum: 1 }
  ServiceDown: { for: 1s }
  ServiceGone: { for: 1s }
  LowDiskSpace: { threshold: 3%, for: 1s }
`;
}
