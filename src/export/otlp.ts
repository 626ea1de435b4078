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
import { lazy } from "../lazy.ts";
import type { OtlpConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { excerptOf } from "../diagnostics/plain-text.ts";
import { version } from "../version.ts";
import type { Channel, Failure } from "./channel.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { ExitRequest } from "./exit.ts";
import { answeredWith, codeIn } from "./grpc-status.ts";
import { adviceFor, createHttpChannel } from "./http.ts";
import * as json from "./json-messages.ts";
import { jsonMetrics } from "./json-metrics.ts";
import * as protobuf from "./messages.ts";
import { answerOfError } from "./network-error.ts";
import { Outage } from "./outage.ts";
import { defaultRetry, type RetryPolicy } from "./retry.ts";
import type { Outcome, Sender, Settle } from "./sender.ts";
import { DeadlineTransport, ExportError } from "./transport.ts";

const loadGateways = lazy<typeof import("./gateways.ts")>("export/gateways.ts");
const loadGrpc = lazy<typeof import("./grpc.ts")>("export/grpc.ts");

/** What one signal of OTLP differs in from the others. */
interface Signal<Payload, Response> {
  /** Its items, in the plural. */
  readonly items: string;
  /** Its gRPC service below `opentelemetry.proto.collector`. */
  readonly service: string;
  readonly protobuf: Serialize<Payload>;
  /** Takes the bytes of a request in protobuf that nobody reads again. */
  readonly reuse?: (request: Uint8Array) => void;
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
  protobuf: protobuf.spans.requestOf,
  reuse: protobuf.reuse,
  json: json.spans.requestOf,
  deserializeResponse: ProtobufTraceSerializer.deserializeResponse,
  metrics: { name: TraceExporterMetricsHelper.name, countItems },
};
const logs = {
  items: "log records",
  service: "logs.v1.LogsService",
  protobuf: protobuf.logRecords.requestOf,
  reuse: protobuf.reuse,
  json: json.logRecords.requestOf,
  deserializeResponse: ProtobufLogsSerializer.deserializeResponse,
  metrics: { name: LogsExporterMetricsHelper.name, countItems },
};
const metrics = {
  items: "data points",
  service: "metrics.v1.MetricsService",
  protobuf: ProtobufMetricsSerializer.serializeRequest,
  json: jsonMetrics,
  deserializeResponse: ProtobufMetricsSerializer.deserializeResponse,
  metrics: MetricsExporterMetricsHelper,
};

/** For spans encoded as the protocol wants it. */
export function createSpanSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): Sender<EncodedItem[]> {
  return createSender(spans, config, diagnostics, retry);
}

/** For log records encoded as the protocol wants it. */
export function createLogSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): Sender<EncodedItem[]> {
  return createSender(logs, config, diagnostics, retry);
}

/** Its outcomes count data points. */
export function createMetricSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy = defaultRetry,
): Sender<ResourceMetrics> {
  return createSender(metrics, config, diagnostics, retry);
}

function createSender<Payload, Response>(
  signal: Signal<Payload, Response>,
  config: OtlpConfig,
  diagnostics: Diagnostics,
  retry: RetryPolicy,
): Sender<Payload> {
  if (config.gateways !== undefined) {
    return loadGateways().createFailover(config.gateways, (gateway, once) =>
      createSender(signal, gateway, diagnostics, once),
    );
  }
  const channel = createChannel(signal.service, config);
  const isJson = config.protocol === "http/json";
  const reuse = isJson ? undefined : signal.reuse;
  return new OtlpSender({
    items: signal.items,
    reuse,
    serializer: {
      serializeRequest: isJson ? signal.json : signal.protobuf,
      deserializeResponse: signal.deserializeResponse,
    },
    helper: signal.metrics,
    config,
    channel,
    transport: new DeadlineTransport(channel, config.compression, retry, reuse),
    outage: new Outage(channel.url, diagnostics, config.isOneOfSeveral),
  });
}

function createChannel(service: string, config: OtlpConfig): Channel {
  const own = { ...config.headers, "user-agent": `telltale/${version}` };
  const gzip = config.compression === "gzip";
  if (config.protocol === "grpc") {
    return loadGrpc().createGrpcChannel(
      config,
      `/opentelemetry.proto.collector.${service}/Export`,
      {
        ...own,
        "content-type": "application/grpc",
        te: "trailers",
        ...(gzip ? { "grpc-encoding": "gzip" } : {}),
      },
    );
  }
  const isJson = config.protocol === "http/json";
  return createHttpChannel(config, {
    ...own,
    "content-type": isJson ? "application/json" : "application/x-protobuf",
    ...(gzip ? { "content-encoding": "gzip" } : {}),
  });
}

interface OtlpSenderParts<Payload, Response> {
  readonly items: string;
  readonly reuse: Signal<Payload, Response>["reuse"];
  readonly serializer: ISerializer<Payload, Response>;
  readonly helper: IExporterMetricsHelper<Payload>;
  readonly config: OtlpConfig;
  readonly channel: Channel;
  readonly transport: DeadlineTransport;
  readonly outage: Outage;
}

/**
 * The SDK's delegate (serialise, send, read the answer) over our transport. What
 * it doesn't tell, how many items a partial success refused, is overheard where it
 * reads the answer.
 */
class OtlpSender<Payload, Response> implements Sender<Payload> {
  readonly #parts: OtlpSenderParts<Payload, Response>;
  readonly #delegate: IOtlpExportDelegate<Payload>;
  /** How many items the export under way has, and how many of them were refused. */
  #count = 0;
  #rejected = 0;

  constructor(parts: OtlpSenderParts<Payload, Response>) {
    this.#parts = parts;
    this.#delegate = createOtlpNetworkExportDelegate(
      // More than the one that is ever in flight: the delegate forgets it a tick late.
      { timeoutMillis: parts.config.timeoutMs, concurrencyLimit: 4, compression: "none" },
      this.#overheard(parts.serializer),
      createMetrics(parts),
      parts.transport,
    );
  }

  send(payload: Payload, timeoutMs: number): Promise<Outcome> {
    this.#rejected = 0;
    this.#count = this.#parts.helper.countItems(payload);
    this.#parts.transport.limitTo(timeoutMs);
    return new Promise((resolve) => {
      try {
        this.#delegate.export(payload, (result) => resolve(this.#outcomeOf(result)));
      } catch (error) {
        resolve(this.#outcomeOf({ code: FAILED, error: error as Error }));
      }
    });
  }

  abandon(): boolean {
    return this.#parts.transport.abandon();
  }

  request(payload: Payload, settle: Settle): ExitRequest | undefined {
    const { serializer, reuse, channel, config, outage, items } = this.#parts;
    const message = serializer.serializeRequest(payload);
    if (message === undefined) return undefined;
    const count = this.#parts.helper.countItems(payload);
    const body = channel.frame(config.compression === "gzip" ? gzipSync(message) : message.slice());
    reuse?.(message);
    return {
      kind: channel.kind,
      url: channel.url,
      headers: channel.headers,
      body,
      proxyEnv: channel.proxyEnv,
      tls: config.tls,
      settle: (delivered, answer, reason) => {
        if (!delivered && reason !== undefined)
          outage.failed(failureAtExit(reason), { what: items, count });
        settle(delivered, delivered && answer !== undefined ? this.#rejectedIn(answer, count) : 0);
      },
    };
  }

  #overheard(serializer: ISerializer<Payload, Response>): ISerializer<Payload, Response> {
    return {
      serializeRequest: (payload) => serializer.serializeRequest(payload),
      deserializeResponse: (data) => {
        this.#rejected = this.#rejectedIn(data, this.#count);
        // Said by us; an empty answer keeps the delegate from saying it again.
        return {} as Response;
      },
    };
  }

  #outcomeOf(result: SdkExportResult): Outcome {
    const { transport, outage, items } = this.#parts;
    const { hold } = transport;
    const delivered = result.code === SUCCESS;
    const away = result.error instanceof ExportError && result.error.isAway;
    if (delivered) outage.worked(items);
    else if (!transport.abandoned) {
      outage.failed(failureOf(result.error), { what: items, count: this.#lostOf(away), hold });
    }
    if (delivered && transport.remark !== undefined) outage.remark(transport.remark, items);
    return { delivered, rejected: this.#rejected, holdMs: hold?.ms ?? 0, away };
  }

  /** What one of several gateways doesn't take for now, another may. */
  #lostOf(away: boolean): number {
    return away && this.#parts.config.isOneOfSeveral === true ? 0 : this.#count;
  }

  /** Unreadable answers of a success are no reason to doubt it. */
  #rejectedIn(answer: Uint8Array, sent: number): number {
    const { serializer, outage, items } = this.#parts;
    const partial = partialSuccessIn(answer, serializer);
    const told =
      partial?.rejectedSpans ?? partial?.rejectedLogRecords ?? partial?.rejectedDataPoints ?? 0;
    const rejected = countIn(told, sent);
    const { errorMessage: text } = partial ?? {};
    const words = typeof text === "string" && text !== "" ? `: ${quoted(text)}` : "";
    if (rejected === undefined) {
      outage.remark(`the number of rejected ones is no number, and taken for 0${words}`, items);
    } else if (rejected > 0 || words !== "") {
      outage.remark(`${rejected} ${rejected === 1 ? "was" : "were"} rejected${words}`, items);
    }
    return rejected ?? 0;
  }
}

/**
 * A count of a peer's: a whole number, which JSON writes as text. Anything else
 * (a name, a fraction, less than nothing) would be in our accounts for good.
 *
 * @param most what it can be at most.
 * @returns undefined: it is no count.
 */
function countIn(told: unknown, most: number): number | undefined {
  const isText = typeof told === "string" && /^\d+$/.test(told);
  const count = isText ? Number(told) : told;
  if (typeof count !== "number" || (!isText && !Number.isInteger(count)) || count < 0) {
    return undefined;
  }
  return Math.min(count, most);
}

function quoted(text: string): string {
  return `"${excerptOf(text)}"`;
}

/** `ExportResultCode` of `@opentelemetry/core`, whose import would cost more than the two numbers. */
const SUCCESS = 0;
const FAILED = 1;

const OPENING_BRACE = 0x7b;

/** Some back ends answer JSON to protobuf; no message of protobuf begins like JSON. */
function partialSuccessIn(
  answer: Uint8Array,
  serializer: ISerializer<never, unknown>,
): PartialSuccess | undefined {
  try {
    const response = (
      answer[0] === OPENING_BRACE
        ? JSON.parse(Buffer.from(answer).toString("utf8"))
        : serializer.deserializeResponse(answer)
    ) as { partialSuccess?: PartialSuccess } | undefined;
    return response?.partialSuccess;
  } catch {
    return undefined;
  }
}

function failureOf(error: Error | undefined): Failure {
  if (error instanceof ExportError) return error.failure;
  return {
    by: "peer",
    reason: `they could not be serialised (${excerptOf(String(error?.message))})`,
  };
}

/** The worker tells an error by its code, an answer by its status. */
function failureAtExit(reason: string): Failure {
  const [answered, protocol, status = ""] = /^answered (gRPC )?(\S*)/.exec(reason) ?? [];
  if (answered !== undefined) {
    if (protocol !== undefined) return { by: "peer", reason: answeredWith(codeIn(status)) };
    const code = Number(status);
    return { by: "peer", reason: excerptOf(reason.trimEnd()) + adviceFor(code) };
  }
  const answer = answerOfError({ code: reason, message: reason });
  return answer.kind === "taken" ? { by: "network", reason } : answer.failure;
}

/** The delegate wants them; without a meter provider they count nothing. */
function createMetrics<Payload, Response>({
  helper,
  config,
}: OtlpSenderParts<Payload, Response>): ExporterMetrics<Payload> {
  return new ExporterMetrics({
    componentType: `otlp_${config.protocol === "grpc" ? "grpc" : "http"}_${helper.name}_exporter`,
    metricsHelper: helper,
    url: undefined,
    meterProvider: undefined,
    responseAttributesFromError: () => ({}),
  });
}
