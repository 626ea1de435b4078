import type { Socket } from "node:net";
import type {
  Attributes,
  Context as ApiContext,
  Span,
  TextMapPropagator,
} from "@opentelemetry/api";
import { spanIn } from "../../context/context.ts";
import { now } from "../../clock.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { isRecordedSpan, type OwnTracer } from "../../traces/own-tracer.ts";
import { STATUS_ERROR } from "../../traces/span.ts";
import type { CachedAttributes } from "../../traces/span-attributes.ts";
import type { ClientMetrics } from "./client-metrics.ts";
import { type KnownMethods, normalizeMethod } from "../method.ts";
import type { CallInFlight } from "./connections.ts";
import type { OpenResponse, OpenResponses } from "./open-responses.ts";
import type { Target } from "../url.ts";
import { errorTypeOf } from "../../context/error-type.ts";

/** `SpanKind.CLIENT` of the API. */
const CLIENT = 2;

export interface HttpClientDeps {
  readonly tracer: OwnTracer;
  readonly propagator: TextMapPropagator;
  readonly metrics: ClientMetrics;
  readonly knownMethods: KnownMethods;
  readonly openResponses: OpenResponses;
  /** Returns the active context with this span. */
  readonly contextWithSpan: (span: Span) => ApiContext;
  readonly onInternalError: (error: unknown) => void;
}

/**
 * One outgoing HTTP call, of any client (`node:http`, undici): its span and its
 * duration, by the stable conventions
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export class ClientCall implements OpenResponse, CallInFlight {
  readonly span: Span;
  readonly method: string;
  readonly startedAt: number = now();
  /** Called at the end of the call, or when metrics are collected before. */
  resolveTarget: (() => Target | undefined) | undefined = undefined;
  statusCode: number | undefined = undefined;
  protocolVersion: string | undefined = undefined;
  errorType: string | undefined = undefined;
  /** The connection, in case that the client is `node:http`. */
  readSocket: (() => Socket | null | undefined) | undefined = undefined;
  target: Target | undefined = undefined;
  ended = false;
  /** Returns whether the app leaves the body unread; set with the head of the response. */
  isUnread: (() => boolean) | undefined = undefined;
  /** Monotonic time when the head of the response was received. */
  responseAt = 0;
  /** Monotonic time. */
  endedAt = 0;
  readonly #deps: HttpClientDeps;
  readonly #originalMethod: string;

  constructor(deps: HttpClientDeps, context: ApiContext, method: string) {
    this.#deps = deps;
    this.#originalMethod = method;
    this.method = normalizeMethod(deps.knownMethods, method);
    const name = this.method === "_OTHER" ? "HTTP" : this.method;
    this.span = deps.tracer.start(name, CLIENT, {}, context, spanIn(context));
    if (isRecordedSpan(this.span)) deps.tracer.notifyStart(this.span, context);
    deps.metrics.connections.add(this);
  }

  get socket(): Socket | null | undefined {
    return this.readSocket?.();
  }

  currentTarget(): Target | undefined {
    return (this.target ??= this.resolveTarget?.());
  }

  setResponse(statusCode: number, protocolVersion: string | undefined): void {
    this.statusCode = statusCode;
    this.protocolVersion = protocolVersion;
    // Client spans fail from 400 on (HTTP span conventions, Status).
    if (statusCode >= 400) this.errorType = String(statusCode);
  }

  /**
   * Waits for the body of the response. The call ends with the body, or at the head
   * if the app does not read the body.
   *
   * @param isUnread returns whether the app has not started to read the body, or has stopped
   */
  awaitBody(isUnread: () => boolean): void {
    if (this.ended) return;
    this.responseAt = now();
    this.isUnread = isUnread;
    this.#deps.openResponses.add(this);
  }

  fail(error: Error): void {
    if (this.ended) return;
    this.errorType = errorTypeOf(error);
    if (this.span.isRecording()) this.span.recordException(error);
    this.end();
  }

  /** @param endedAt monotonic time; default: now */
  end(endedAt: number = now()): void {
    if (this.ended) return;
    this.ended = true;
    this.endedAt = endedAt;
    if (this.isUnread !== undefined) this.#deps.openResponses.delete(this);
    try {
      this.currentTarget();
      this.#deps.metrics.connections.delete(this);
      this.resolveTarget = undefined;
      this.readSocket = undefined;
      this.#deps.metrics.recordDuration(
        (this.endedAt - this.startedAt) / 1000,
        durationAttributes(this),
      );
    } finally {
      this.#endSpan();
    }
  }

  #endSpan(): void {
    if (!isRecordedSpan(this.span)) {
      this.span.end();
      return;
    }
    this.span.setInstrumentationAttributes(this);
    if (this.errorType !== undefined) this.span.setStatus({ code: STATUS_ERROR });
    this.span.endAt(this.endedAt);
  }

  cachedParts(): readonly CachedAttributes[] {
    return [];
  }

  ownPairs(): unknown[] {
    const pairs: unknown[] = ["http.request.method", this.method];
    if (this.method === "_OTHER") pairs.push("http.request.method_original", this.#originalMethod);
    if (this.target !== undefined) {
      const { url, address, port } = this.target;
      pairs.push("url.full", url, "server.address", address, "server.port", port);
    }
    if (this.statusCode !== undefined) pairs.push("http.response.status_code", this.statusCode);
    if (this.protocolVersion !== undefined) {
      pairs.push("network.protocol.version", this.protocolVersion);
    }
    if (this.errorType !== undefined) pairs.push("error.type", this.errorType);
    return pairs;
  }
}

function durationAttributes(call: ClientCall): Attributes {
  const { method, target, statusCode, protocolVersion, errorType } = call;
  return {
    "http.request.method": method,
    ...(target !== undefined && {
      "server.address": lowCardinality(target.address),
      "server.port": target.port,
    }),
    ...(statusCode !== undefined && { "http.response.status_code": statusCode }),
    ...(protocolVersion !== undefined && { "network.protocol.version": protocolVersion }),
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}

/**
 * Whether an error means that the app has cancelled the call, which is no failure
 * (HTTP span conventions, Status). A timeout is a failure.
 */
export function isCancellation(error: unknown): boolean {
  try {
    const { name, code, cause } = error as Readonly<Record<string, unknown>>;
    // Axios destroys a cancelled call with its own error.
    if (code === "ERR_CANCELED") return true;
    if (name !== "AbortError") return false;
    return (cause as { readonly name?: unknown } | undefined)?.name !== "TimeoutError";
  } catch {
    return false;
  }
}
