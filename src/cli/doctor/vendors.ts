import type { Signal } from "../../config/variables.ts";

/**
 * A vendor that takes OTLP, as far as doctor checks what is sent to it. The rest of what
 * its documentation states is in `test/integration/vendors/rows/`, from which
 * docs/vendors.md is generated.
 */
export interface Vendor {
  readonly name: string;
  /** Matches the host names of its OTLP endpoints. */
  readonly hosts: RegExp;
  /** The header with the credentials, in lower case. */
  readonly header: string;
  /** Headers that a signal needs besides. */
  readonly signalHeaders?: Readonly<Partial<Record<Signal, readonly string[]>>>;
  /** Signals that it does not take over OTLP. */
  readonly missing?: readonly Signal[];
  /** The temporality without which metrics are rejected or dropped. */
  readonly temporality?: "delta" | "cumulative";
}

export const newRelic: Vendor = {
  name: "New Relic",
  hosts: /^(gov-)?otlp(\.eu01)?\.nr-data\.net$/,
  header: "api-key",
};

export const datadog: Vendor = {
  name: "Datadog",
  hosts: /^otlp\.([a-z0-9-]+\.)?(datadoghq|ddog-gov)\.(com|eu)$/,
  header: "dd-api-key",
  temporality: "delta",
};

export const sentry: Vendor = {
  name: "Sentry",
  hosts: /^[a-z0-9]+\.ingest\.([a-z]+\.)?sentry\.io$/,
  header: "x-sentry-auth",
  missing: ["metrics"],
};

export const grafanaCloud: Vendor = {
  name: "Grafana Cloud",
  hosts: /^otlp-gateway-[a-z0-9-]+\.grafana\.net$/,
  header: "authorization",
  temporality: "cumulative",
};

export const honeycomb: Vendor = {
  name: "Honeycomb",
  hosts: /^api(\.eu1)?\.honeycomb\.io$/,
  header: "x-honeycomb-team",
};

export const dash0: Vendor = {
  name: "Dash0",
  hosts: /^ingress\.[a-z0-9-]+\.[a-z]+\.dash0\.com$/,
  header: "authorization",
};

export const elastic: Vendor = {
  name: "Elastic",
  hosts: /^[a-z0-9-]+\.ingest\.[a-z0-9-]+\.[a-z]+\.elastic\.cloud$/,
  header: "authorization",
  temporality: "delta",
};

export const azureMonitor: Vendor = {
  name: "Azure Monitor",
  hosts: /^[a-z0-9-]+\.[a-z0-9-]+\.(metrics\.)?ingest\.monitor\.azure\.com$/,
  header: "authorization",
};

export const cloudWatch: Vendor = {
  name: "Amazon CloudWatch",
  hosts: /^(xray|monitoring|logs)\.[a-z0-9-]+\.amazonaws\.com$/,
  header: "authorization",
  signalHeaders: { logs: ["x-aws-log-group", "x-aws-log-stream"] },
};

const vendors: readonly Vendor[] = [
  ...[newRelic, datadog, sentry, grafanaCloud, honeycomb, dash0, elastic],
  ...[azureMonitor, cloudWatch],
];

/** Returns the vendor of a host, or undefined. */
export function vendorOf(host: string): Vendor | undefined {
  return vendors.find(({ hosts }) => hosts.test(host));
}
