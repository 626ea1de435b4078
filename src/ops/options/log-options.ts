/** Options of log pipelines. Addresses are URLs without a slash at the end. */
export interface LogOptions {
  /** Each `TELLTALE_LOG_DIR` on a machine: absolute paths without wildcards. */
  readonly folders: readonly string[];
  readonly lokiUrl: string;
  readonly elasticsearchUrl: string;
  readonly victoriaLogsUrl: string;
  /** OTLP over HTTP, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it. */
  readonly collectorUrl: string;
  readonly alertmanagerUrl: string;
  /** The log group of CloudWatch. */
  readonly logGroup: string;
  /** Days after which stores delete lines. CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90 and some more. */
  readonly retentionDays: number;
  /** More lines at level `error` and above in a minute are an alert. */
  readonly errorsPerMinute: number;
  /** More security events at level `warn` and above in a minute are an alert. */
  readonly securityEventsPerMinute: number;
  /** No line of a service for so many minutes is an alert. 0: never. */
  readonly silentMinutes: number;
}

/** The options without a file. Addresses are those of containers in one network. */
export const defaultLogOptions: LogOptions = {
  folders: ["/var/log/telltale"],
  lokiUrl: "http://loki:3100",
  elasticsearchUrl: "http://elasticsearch:9200",
  victoriaLogsUrl: "http://victorialogs:9428",
  collectorUrl: "http://collector:4318",
  alertmanagerUrl: "http://alertmanager:9093",
  logGroup: "/telltale/logs",
  retentionDays: 30,
  errorsPerMinute: 10,
  securityEventsPerMinute: 10,
  silentMinutes: 30,
};
