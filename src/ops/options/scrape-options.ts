/** What Prometheus scrapes, and where it sends alerts. Addresses are those by which Prometheus reaches them. */
export interface ScrapeOptions {
  /** Time between two scrapes, in Prometheus' notation. */
  readonly interval: string;
  /** Pages of services, by the name of the service, which becomes the label `job`. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
  /** The page of a Collector with the metrics of services, such as `collector:8889`. */
  readonly collectorPage?: string;
  /** The own metrics of a Collector, such as `collector:8888`. */
  readonly collector?: string;
  readonly alertmanagers: readonly string[];
  /** The file with the bearer token of the pages (`TELLTALE_ADMIN_TOKEN_FILE`). */
  readonly tokenFile?: string;
}

/** The options without a file: one service on the same host. */
export const defaultScrapeOptions: ScrapeOptions = {
  interval: "15s",
  targets: new Map([["app", ["localhost:9464"]]]),
  alertmanagers: ["localhost:9093"],
};

/** What is requested from outside. */
export interface UptimeOptions {
  /** Addresses, most of all those of /healthz. */
  readonly urls: readonly string[];
  /** Host and port of the blackbox exporter. */
  readonly blackbox: string;
}

export const defaultUptimeOptions: UptimeOptions = { urls: [], blackbox: "localhost:9115" };
