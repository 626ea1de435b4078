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
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { version } from "../../version.ts";
import type { ExportConnection, ExportFailure } from "../connection/export-connection.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { ExitRequest } from "../pipeline.ts";
import { describeStatus, parseStatusCode } from "../connection/grpc-status.ts";
import { statusAdvice, createHttpConnection } from "../connection/http.ts";
import * as json from "./otlp-json.ts";
import { serializeJsonMetrics } from "./json-metrics.ts";
import * as protobuf from "./otlp-protobuf.ts";
import { responseForError } from "../connection/network-error.ts";
import { ExporterLog } from "../exporter-log.ts";
import { defaultRetry, type RetryPolicy } from "../connection/retry.ts";
import type { ExportResult, OtlpExporter, OnExitResult } from "../otlp-exporter.ts";
import { DeadlineTransport, ExportError } from "../connection/deadline-transport.ts";

const loadFailover = lazy<typeof import("../load-balancing/failover-exporter.ts")>(
  "export/load-balancing/failover-exporter.ts",
);
const loadGrpc = lazy<typeof import("../connection/grpc.ts")>("export/connection/grpc.ts");

/** What one signal of OTLP differs in from the others. */
interface OtlpSignal<Payload, Response> {
  /** Its items, in the plural. */
  readonly items: string;
  /** Its gRPC service below `opentelemetry.proto.collector`. */
  readonly service: string;
  readonly protobuf: Serialize<Payload>;
  /** Takes the bytes of a request in protobuf that nobody reads again. */
  readonly recycle?: (request: Uint8Array) => void;
  readonly json: Serialize<Payload>;
  /** Reads an answer in protobuf; one in JSON we read ourselves. */
  readonly deserializeResponse: ISerializer<Payload, Response>["deserializeResponse"];
  readonly metrics: IExporterMetricsHelper<Payload>;
}

type Serialize<Payload> = ISerializer<Payload, unknown>["serializeRequest"];

/** A partial success, whichever signal's; of what a peer answers nothing is sure. */
interface PartialSuccess {
  readonly rejectedSpans?: unknown;
  readonly rejectedLogRecords?: unknown;
  readonly rejectedDataPoints?: unknown;
  readonly errorMessage?: unknown;
}

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
  protobuf: ProtobufMetricsSerializer.serializeRequest,
  json: serializeJsonMetrics,
  deserializeResponse: ProtobufMetricsSerializer.deserializeResponse,
  metrics: MetricsExporterMetricsHelper,
};

/** For spans encoded as the protocol wants it. */
export function createSpanExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): OtlpExporter<EncodedItem[]> {
  return createExporter(spans, config, diagnostics, retry);
}

/** For log records encoded as the protocol wants it. */
export function createLogExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): OtlpExporter<EncodedItem[]> {
  return createExporter(logs, config, diagnostics, retry);
}

/** Its outcomes count data points. */
export function createMetricExporter(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): OtlpExporter<ResourceMetrics> {
  return createExporter(metrics, config, diagnostics, retry);
}

function createExporter<Payload, Response>(
  signal: OtlpSignal<Payload, Response>,
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy,
): OtlpExporter<Payload> {
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
 * The SDK's delegate (serialise, send, read the answer) over our transport. What
 * it doesn't tell, how many items a partial success refused, is overheard where it
 * reads the answer.
 */
class SignalExporter<Payload, Response> implements OtlpExporter<Payload> {
  readonly #deps: SignalExporterDeps<Payload, Response>;
  readonly #delegate: IOtlpExportDelegate<Payload>;
  /** How many items the export under way has, and how many of them were refused. */
  #count = 0;
  #rejected = 0;

  constructor(deps: SignalExporterDeps<Payload, Response>) {
    this.#deps = deps;
    this.#delegate = createOtlpNetworkExportDelegate(
      // More than the one that is ever in flight: the delegate forgets it a tick late.
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
          delivered && response !== undefined ? this.#reportRejected(response, count) : 0,
        );
      },
    };
  }

  #interceptRejected(serializer: ISerializer<Payload, Response>): ISerializer<Payload, Response> {
    return {
      serializeRequest: (payload) => serializer.serializeRequest(payload),
      deserializeResponse: (data) => {
        this.#rejected = this.#reportRejected(data, this.#count);
        // Said by us; an empty answer keeps the delegate from saying it again.
        return {} as Response;
      },
    };
  }

  #toResult(result: SdkExportResult): ExportResult {
    const { transport, log, items } = this.#deps;
    const { requestedPause } = transport;
    const delivered = result.code === SUCCESS;
    const retryable = result.error instanceof ExportError && result.error.isRetryable;
    if (delivered) log.recovered(items);
    else if (!transport.isCancelled) {
      log.failed(exportFailureOf(result.error), {
        items,
        count: this.#lostCount(retryable),
        requestedPause,
      });
    }
    if (delivered && transport.warning !== undefined) log.warn(transport.warning, items);
    return {
      delivered,
      rejected: this.#rejected,
      retryAfterMs: requestedPause?.appliedMs ?? 0,
      retryable,
    };
  }

  /** What one of several gateways doesn't take for now, another may. */
  #lostCount(retryable: boolean): number {
    return retryable && this.#deps.config.hasFailover === true ? 0 : this.#count;
  }

  /** Unreadable answers of a success are no reason to doubt it. */
  #reportRejected(response: Uint8Array, sent: number): number {
    const { serializer, log, items } = this.#deps;
    const partial = parsePartialSuccess(response, serializer);
    const reported =
      partial?.rejectedSpans ?? partial?.rejectedLogRecords ?? partial?.rejectedDataPoints ?? 0;
    const rejected = parseCount(reported, sent);
    const { errorMessage: text } = partial ?? {};
    const detail = typeof text === "string" && text !== "" ? `: ${quoted(text)}` : "";
    if (rejected === undefined) {
      log.warn(`the number of rejected ones is no number, and taken for 0${detail}`, items);
    } else if (rejected > 0 || detail !== "") {
      log.warn(`${rejected} ${rejected === 1 ? "was" : "were"} rejected${detail}`, items);
    }
    return rejected ?? 0;
  }
}

/**
 * A count of a peer's: a whole number, which JSON writes as text. Anything else
 * (a name, a fraction, less than nothing) would be in our accounts for good.
 *
 * @param max what it can be at most.
 * @returns undefined: it is no count.
 */
function parseCount(reported: unknown, max: number): number | undefined {
  const isText = typeof reported === "string" && /^\d+$/.test(reported);
  const count = isText ? Number(reported) : reported;
  if (typeof count !== "number" || (!isText && !Number.isInteger(count)) || count < 0) {
    return undefined;
  }
  return Math.min(count, max);
}

function quoted(text: string): string {
  return `"${excerpt(text)}"`;
}

/** `ExportResultCode` of `@opentelemetry/core`, whose import would cost more than the two numbers. */
const SUCCESS = 0;
const FAILED = 1;

const OPENING_BRACE = 0x7b;

/** Some back ends answer JSON to protobuf; no message of protobuf begins like JSON. */
function parsePartialSuccess(
  body: Uint8Array,
  serializer: ISerializer<never, unknown>,
): PartialSuccess | undefined {
  try {
    const response = (
      body[0] === OPENING_BRACE
        ? JSON.parse(Buffer.from(body).toString("utf8"))
        : serializer.deserializeResponse(body)
    ) as { partialSuccess?: PartialSuccess } | undefined;
    return response?.partialSuccess;
  } catch {
    return undefined;
  }
}

function exportFailureOf(error: Error | undefined): ExportFailure {
  if (error instanceof ExportError) return error.failure;
  return {
    source: "peer",
    reason: `they could not be serialised (${excerpt(String(error?.message))})`,
  };
}

/** The worker tells an error by its code, an answer by its status. */
function parseExitFailure(reason: string): ExportFailure {
  const [answered, protocol, status = ""] = /^answered (gRPC )?(\S*)/.exec(reason) ?? [];
  if (answered !== undefined) {
    if (protocol !== undefined)
      return { source: "peer", reason: describeStatus(parseStatusCode(status)) };
    const code = Number(status);
    return { source: "peer", reason: excerpt(reason.trimEnd()) + statusAdvice(code) };
  }
  const response = responseForError({ code: reason, message: reason });
  return response.status === "success" ? { source: "network", reason } : response.failure;
}

/** The delegate wants them; without a meter provider they count nothing. */
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
