import { type LibraryRow, variants } from "../row.ts";

/** A span that a scenario produces, below its root span. */
export interface ExpectedUpstreamSpan {
  readonly name: string;
  readonly kind: "CLIENT" | "SERVER" | "PRODUCER" | "CONSUMER" | "INTERNAL";
  /** Required attributes; others are allowed. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Name of the parent span; default: the root span. */
  readonly below?: string;
  readonly fails?: true;
}

export interface UpstreamLibraryRow extends LibraryRow {
  /** File in `scenarios/`. */
  readonly scenario: string;
  readonly args?: readonly string[];
  readonly server?: "memcached" | "mariadb";
  readonly env?: Readonly<Record<string, string>>;
  /** Expected spans in any order. */
  readonly spans: readonly ExpectedUpstreamSpan[];
  /** Names that no span must have. */
  readonly never?: readonly string[];
  /** Counts of metrics by name. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Texts that no attribute must contain. */
  readonly secrets?: readonly string[];
}

const CHAT = "gpt-local";

export const rows: readonly UpstreamLibraryRow[] = [
  ...variants("@aws-sdk/client-sqs").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "@aws-sdk/client-*",
    supports: "client spans of calls; SQS and SNS messages carry the trace",
    scenario: "aws-sdk",
    spans: [
      { name: "orders send", kind: "PRODUCER" },
      { name: "orders receive", kind: "CONSUMER" },
    ],
  })),
  ...variants("dataloader", "dataloader20").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "dataloader",
    supports: "spans of loads and batches",
    scenario: "dataloader",
    spans: [
      { name: "dataloader.load", kind: "CLIENT" },
      { name: "dataloader.loadMany", kind: "CLIENT" },
      { name: "dataloader.batch", kind: "INTERNAL", below: "dataloader.load" },
    ],
  })),
  ...variants("generic-pool", "generic-pool2").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "generic-pool",
    supports: "spans of acquired resources, pool metrics (3)",
    scenario: "generic-pool",
    args: [variant.installed === "generic-pool2" ? "2" : "3"],
    env: { OTEL_METRICS_EXPORTER: "otlp" },
    ...(variant.installed === "generic-pool" && {
      metrics: {
        "db.client.connection.wait_time": 1,
        "db.client.connection.use_time": 1,
        "db.client.connection.create_time": 1,
        "db.client.connection.timeouts": 1,
      },
    }),
    spans: [{ name: "generic-pool.acquire", kind: "INTERNAL" }],
  })),
  ...variants("lru-memoizer", "lru-memoizer1").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "lru-memoizer",
    supports: "each caller's own context after a shared load",
    scenario: "lru-memoizer",
    spans: [
      { name: "first after", kind: "INTERNAL", below: "first" },
      { name: "second after", kind: "INTERNAL", below: "second" },
    ],
  })),
  ...variants("memcached").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "memcached",
    supports: "client spans of commands",
    scenario: "memcached",
    server: "memcached",
    spans: [
      { name: "memcached set", kind: "CLIENT", attributes: { "db.operation.name": "set" } },
      { name: "memcached get", kind: "CLIENT", attributes: { "db.system.name": "memcached" } },
      {
        name: "memcached incr",
        kind: "CLIENT",
        attributes: { "error.type": "Error" },
        fails: true,
      },
    ],
    secrets: ["hush"],
  })),
  ...variants("mysql").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "mysql",
    supports: "client spans of statements without their literals",
    scenario: "mysql",
    server: "mariadb",
    spans: [
      {
        name: "SELECT",
        kind: "CLIENT",
        attributes: { "db.system.name": "mysql", "db.query.text": "SELECT ? + ? AS sum" },
      },
      {
        name: "SELECT nowhere",
        kind: "CLIENT",
        attributes: { "db.query.text": "SELECT nothing FROM nowhere WHERE secret = ?" },
        fails: true,
      },
      {
        name: "INSERT mails",
        kind: "CLIENT",
        attributes: { "db.operation.name": "INSERT", "error.type": "ER_DUP_ENTRY" },
        fails: true,
      },
    ],
    secrets: ["hush"],
  })),
  ...variants("openai", "openai4").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "openai",
    supports: "client spans of chats and embeddings, tokens, metrics; no content unless asked for",
    scenario: "openai",
    spans: [
      {
        name: `chat ${CHAT}`,
        kind: "CLIENT",
        attributes: { "gen_ai.request.model": CHAT, "gen_ai.usage.output_tokens": 2 },
      },
      { name: "embeddings embed-local", kind: "CLIENT" },
      { name: "POST", kind: "CLIENT", below: `chat ${CHAT}` },
    ],
    secrets: ["a secret question"],
  })),
  ...variants("node:fs").map((variant): UpstreamLibraryRow => ({
    ...variant,
    library: "node:dns, node:net, node:fs",
    supports: "spans of lookups, connections and files (disabled by default)",
    scenario: "node",
    env: {
      OTEL_INSTRUMENTATION_DNS_ENABLED: "true",
      OTEL_INSTRUMENTATION_NET_ENABLED: "true",
      OTEL_INSTRUMENTATION_FS_ENABLED: "true",
      OTEL_INSTRUMENTATION_FS_REQUIRE_PARENT_SPAN: "true",
    },
    spans: [
      { name: "dns.lookup", kind: "CLIENT" },
      { name: "tcp.connect", kind: "INTERNAL" },
      { name: "fs readFile", kind: "INTERNAL" },
    ],
  })),
];
