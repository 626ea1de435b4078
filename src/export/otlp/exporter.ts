import type { ExportResult as SdkExportResult } from "@opentelemetry/core";
import {
  createOtlpNetworkExportDelegate,
  ExporterMetrics,
  type IOtlpExportDelegate,
} from "@opentelemetry/otlp-exporter-base";
import {
  type IExporterMetricsHelper,
  type ISerializer,
  LogsExporterMetricsHelper,
  MetricsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { gzipSync } from "node:zlib";
import { lazy } from "../../lazy.ts";
import type { OtlpConfig } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { version } from "../../version.ts";
import type { ExportConnection, ExportFailure } from "../connection/export-connection.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { ExitRequest } from "../pipeline.ts";
import { createHttpConnection } from "../connection/http.ts";
import { exportFailureOf, parseExitFailure } from "./export-failure.ts";
import { parsePartialSuccess } from "./partial-success.ts";
import * as json from "./otlp-json.ts";
import { encodeJsonMetrics, encodeProtobufMetrics } from "./metrics-request.ts";
import * as protobuf from "./otlp-protobuf.ts";
import { ExporterLog } from "../exporter-log.ts";
import { defaultRetry, type RetryPolicy } from "../connection/retry.ts";
import type { ExportResult, TelemetryExporter, OnExitResult } from "../telemetry-exporter.ts";
import { DeadlineTransport, ExportError } from "../connection/deadline-transport.ts";

const loadFailover = lazy<typeof import("../load-balancing/failover-exporter.ts")>(
  "export/load-balancing/failover-exporter.ts",
);
const loadGrpc = lazy<typeof import("../connection/grpc.ts")>("export/connection/grpc.ts");

/** The differences between the signals of OTLP. */
interface OtlpSignal<Payload, Response> {
  /** Name of its items, in the plural. */
  readonly items: string;
  /** Its gRPC service below `opentelemetry.proto.collector`. */
  readonly service: string;
  readonly protobuf: Serialize<Payload>;
  /** Recycles the bytes of a protobuf request that is not read any more. */
  readonly recycle?: (request: Uint8Array) => void;
  readonly json: Serialize<Payload>;
  /** Parses a protobuf response; JSON responses are parsed here. */
  readonly deserializeResponse: ISerializer<Payload, Response>["deserializeResponse"];
  readonly metrics: IExporterMetricsHelper<Payload>;
}

type Serialize<Payload> = ISerializer<Payload, unknown>["serializeRequest"];

const countItems = (payload: EncodedItem[]): number => payload.length;

const spans = {
  items: "spans",
  service: "trace.v1.TraceService",
  protobuf: protobuf.spans.encodeRequest,
  recycle: protobuf.recycle,
  json: json.spans.encodeRequest,
  deserializeResponse: ProtobufTraceSerializer.deserializeResponse,
  metrics: { name: TraceExporterMetricsHelper.name, countItems },
};
const logs = {
  items: "log records",
  service: "logs.v1.LogsService",
  protobuf: protobuf.logRecords.encodeRequest,
  recycle: protobuf.recycle,
  json: json.logRecords.encodeRequest,
  deserializeResponse: ProtobufLogsSerializer.deserializeResponse,
  metrics: { name: LogsExporterMetricsHelper.name, countItems },
};
const metrics = {
  items: "data points",
  service: "metrics.v1.MetricsService",
  protobuf: encodeProtobufMetrics,
  json: encodeJsonMetrics,
  deserializeResponse: ProtobufMetricsSerializer.deserializeResponse,
  metrics: MetricsExporterMetricsHelper,
};

/** Creates an exporter of spans that are encoded for the configured protocol. */
export function createSpanExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): TelemetryExporter<EncodedItem[]> {
  return createExporter(spans, config, diagnostics, retry);
}

/** Creates an exporter of log records that are encoded for the configured protocol. */
export function createLogExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): TelemetryExporter<EncodedItem[]> {
  return createExporter(logs, config, diagnostics, retry);
}

/** Creates an exporter of metrics, whose results count data points. */
export function createMetricExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): TelemetryExporter<ResourceMetrics> {
  return createExporter(metrics, config, diagnostics, retry);
}

/** Sends metrics once. Resolves to the reason, in words, if they were not accepted. Never rejects. */
export async function sendMetrics(
  payload: ResourceMetrics,
  config: OtlpConfig,
  timeoutMs: number,
): Promise<string | undefined> {
  const connection = createConnection(metrics.service, config);
  const message = (config.protocol === "http/json" ? metrics.json : metrics.protobuf)(payload);
  if (message === undefined) return "can't be encoded";
  const body = config.compression === "gzip" ? gzipSync(message) : message;
  const attempt = connection.attempt(connection.encodeBody(body));
  // It keeps the process alive, which the connection does not.
  const timer = setTimeout(() => attempt.abort(`got no answer within ${timeoutMs} ms`), timeoutMs);
  const response = await attempt.response;
  clearTimeout(timer);
  if (response.status !== "success") return response.failure.reason;
  const count = metrics.metrics.countItems(payload);
  const serializer = {
    serializeRequest: metrics.protobuf,
    deserializeResponse: metrics.deserializeResponse,
  };
  const { rejected, warning } = parsePartialSuccess(response.body, serializer, count);
  return rejected > 0 ? warning : undefined;
}

function createExporter<Payload, Response>(
  signal: OtlpSignal<Payload, Response>,
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy,
): TelemetryExporter<Payload> {
  if (config.gateways !== undefined) {
    return loadFailover().createFailoverExporter(config.gateways, (gateway, once) =>
      createExporter(signal, gateway, diagnostics, once),
    );
  }
  const connection = createConnection(signal.service, config);
  const isJson = config.protocol === "http/json";
  const recycle = isJson ? undefined : signal.recycle;
  return new SignalExporter({
    items: signal.items,
    recycle,
    serializer: {
      serializeRequest: isJson ? signal.json : signal.protobuf,
      deserializeResponse: signal.deserializeResponse,
    },
    helper: signal.metrics,
    config,
    connection,
    transport: new DeadlineTransport(connection, config.compression, retry, recycle),
    log: new ExporterLog(connection.url, diagnostics, config.hasFailover),
  });
}

function createConnection(service: string, config: OtlpConfig): ExportConnection {
  const headers = { ...config.headers, "user-agent": `telltale/${version}` };
  const gzip = config.compression === "gzip";
  if (config.protocol === "grpc") {
    return loadGrpc().createGrpcConnection(
      config,
      `/opentelemetry.proto.collector.${service}/Export`,
      {
        ...headers,
        "content-type": "application/grpc",
        te: "trailers",
        ...(gzip ? { "grpc-encoding": "gzip" } : {}),
      },
    );
  }
  const isJson = config.protocol === "http/json";
  return createHttpConnection(config, {
    ...headers,
    "content-type": isJson ? "application/json" : "application/x-protobuf",
    ...(gzip ? { "content-encoding": "gzip" } : {}),
  });
}

interface SignalExporterDeps<Payload, Response> {
  readonly items: string;
  readonly recycle: OtlpSignal<Payload, Response>["recycle"];
  readonly serializer: ISerializer<Payload, Response>;
  readonly helper: IExporterMetricsHelper<Payload>;
  readonly config: OtlpConfig;
  readonly connection: ExportConnection;
  readonly transport: DeadlineTransport;
  readonly log: ExporterLog;
}

/**
 * Exports one signal by the SDK's delegate (serialise, send, parse the response) over
 * `DeadlineTransport`. The delegate does not report how many items a partial success
 * rejected, so the response is intercepted where the delegate parses it.
 */
class SignalExporter<Payload, Response> implements TelemetryExporter<Payload> {
  readonly #deps: SignalExporterDeps<Payload, Response>;
  readonly #delegate: IOtlpExportDelegate<Payload>;
  /** Number of items in flight, and of those that were rejected. */
  #count = 0;
  #rejected = 0;
  #failure: ExportFailure | undefined = undefined;
  /** The first payload that was too large, until a smaller one is accepted. */
  #tooLarge: { readonly failure: ExportFailure; readonly count: number } | undefined = undefined;

  constructor(deps: SignalExporterDeps<Payload, Response>) {
    this.#deps = deps;
    this.#delegate = createOtlpNetworkExportDelegate(
      // More than the one export in flight, which the delegate removes a tick late.
      { timeoutMillis: deps.config.timeoutMs, concurrencyLimit: 4, compression: "none" },
      this.#interceptRejected(deps.serializer),
      createExporterMetrics(deps),
      deps.transport,
    );
  }

  export(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    this.#rejected = 0;
    this.#count = this.#deps.helper.countItems(payload);
    this.#deps.transport.setTimeLimit(timeoutMs);
    return new Promise((resolve) => {
      try {
        this.#delegate.export(payload, (result) => resolve(this.#toResult(result)));
      } catch (error) {
        resolve(this.#toResult({ code: FAILED, error: error as Error }));
      }
    });
  }

  cancel(): boolean {
    return this.#deps.transport.cancel();
  }

  logLost(count: number): void {
    const { log, items } = this.#deps;
    if (this.#failure !== undefined) log.failed(this.#failure, { items, count });
  }

  createExitRequest(payload: Payload, onResult: OnExitResult): ExitRequest | undefined {
    const { serializer, recycle, connection, config, log, items } = this.#deps;
    const message = serializer.serializeRequest(payload);
    if (message === undefined) return undefined;
    const count = this.#deps.helper.countItems(payload);
    const body = connection.encodeBody(
      config.compression === "gzip" ? gzipSync(message) : message.slice(),
    );
    recycle?.(message);
    return {
      kind: connection.kind,
      url: connection.url,
      headers: connection.headers,
      body,
      proxyEnv: connection.proxyEnv,
      tls: config.tls,
      onResult: (delivered, response, reason) => {
        if (!delivered && reason !== undefined)
          log.failed(parseExitFailure(reason), { items, count });
        onResult(
          delivered,
          delivered && response !== undefined ? this.#countRejected(response, count) : 0,
        );
      },
    };
  }

  #interceptRejected(serializer: ISerializer<Payload, Response>): ISerializer<Payload, Response> {
    return {
      serializeRequest: (payload) => serializer.serializeRequest(payload),
      deserializeResponse: (data) => {
        this.#rejected = this.#countRejected(data, this.#count);
        // Logged here; an empty response keeps the delegate from logging it again.
        return {} as Response;
      },
    };
  }

  #toResult(result: SdkExportResult): ExportResult {
    const { transport, log, items } = this.#deps;
    const { requestedPause } = transport;
    const delivered = result.code === SUCCESS;
    const retryable = result.error instanceof ExportError && result.error.isRetryable;
    const failure = delivered ? undefined : exportFailureOf(result.error);
    const tooLarge = failure?.isTooLarge === true;
    if (failure === undefined) this.#logDelivered();
    else if (tooLarge && this.#count > 1) this.#tooLarge ??= { failure, count: this.#count };
    else if (!transport.isCancelled) {
      this.#tooLarge = undefined;
      this.#failure = failure;
      log.failed(failure, { items, count: this.#lostCount(retryable), requestedPause });
    }
    if (delivered && transport.warning !== undefined) log.warn(transport.warning, items);
    return {
      delivered,
      rejected: this.#rejected,
      retryAfterMs: requestedPause?.appliedMs ?? 0,
      retryable,
      tooLarge,
    };
  }

  #logDelivered(): void {
    const { log, items } = this.#deps;
    log.recovered(items);
    if (this.#tooLarge === undefined) return;
    log.divided(this.#tooLarge.failure, items, this.#tooLarge.count);
    this.#tooLarge = undefined;
  }

  /** Items that one of several gateways does not accept for now are not lost. */
  #lostCount(retryable: boolean): number {
    return retryable && this.#deps.config.hasFailover === true ? 0 : this.#count;
  }

  /** Returns the number of rejected items, and logs them. */
  #countRejected(response: Uint8Array, sent: number): number {
    const { serializer, log, items } = this.#deps;
    const { rejected, warning } = parsePartialSuccess(response, serializer, sent);
    if (warning !== undefined) log.warn(warning, items);
    return rejected;
  }
}

/** `ExportResultCode` of `@opentelemetry/core`, whose import would cost more than the two numbers. */
const SUCCESS = 0;
const FAILED = 1;

/** Creates the metrics that the delegate requires; without a meter provider they count nothing. */
function createExporterMetrics<Payload, Response>({
  helper,
  config,
}: SignalExporterDeps<Payload, Response>): ExporterMetrics<Payload> {
  return new ExporterMetrics({
    componentType: `otlp_${config.protocol === "grpc" ? "grpc" : "http"}_${helper.name}_exporter`,
    metricsHelper: helper,
    url: undefined,
    meterProvider: undefined,
    responseAttributesFromError: () => ({}),
  });
}
