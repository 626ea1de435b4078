import { trimEndOf } from "../text.ts";
import type { OtlpConfig, OtlpProtocol } from "./config.ts";
import { EXPECTED_URL, type Endpoint } from "./endpoint.ts";
import { maskAddress, quote } from "./mask.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import {
  gateways,
  otlp,
  otlpBySignal,
  type OtlpVariables,
  formatValue,
  type Signal,
  type Variable,
} from "./variables.ts";

/**
 * Reads the OTLP export of each signal. A signal's own variable overrides the general
 * one. Headers are merged.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function readOtlpConfigs(reader: EnvironmentReader): Readonly<Record<Signal, OtlpConfig>> {
  const general = readSettings(reader, otlp, {});
  const gatewayEndpoints = reader.read(gateways);
  return {
    traces: readSignalConfig(reader, "traces", general, gatewayEndpoints),
    metrics: readSignalConfig(reader, "metrics", general, gatewayEndpoints),
    logs: readSignalConfig(reader, "logs", general, gatewayEndpoints),
  };
}

interface OtlpSettings {
  readonly endpoint?: Endpoint | undefined;
  readonly protocol?: OtlpProtocol | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  readonly compression?: "gzip" | "none" | undefined;
  readonly insecure?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** @param general the settings that apply, and that the report names, where a variable is unset or invalid. */
function readSettings(
  reader: EnvironmentReader,
  rows: OtlpVariables,
  general: OtlpSettings,
): OtlpSettings {
  return {
    endpoint: reader.read(rows.endpoint, formatEndpoint(general.endpoint)),
    protocol: reader.read(rows.protocol, formatValue(general.protocol ?? otlp.protocol.default)),
    headers: reader.read(rows.headers),
    timeoutMs: reader.read(rows.timeout, formatValue(general.timeoutMs ?? otlp.timeout.default)),
    compression: reader.read(rows.compression, general.compression ?? otlp.compression.default),
    insecure: reader.read(rows.insecure, formatValue(general.insecure ?? otlp.insecure.default)),
    ca: reader.read(rows.ca),
    cert: reader.read(rows.cert),
    key: reader.read(rows.key),
  };
}

function formatEndpoint(endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? otlp.endpoint.default : maskAddress(endpoint.url.href);
}

const DEFAULT_TIMEOUT_MS = 10_000;

function readSignalConfig(
  reader: EnvironmentReader,
  signal: Signal,
  general: OtlpSettings,
  gatewayEndpoints: readonly Endpoint[],
): OtlpConfig {
  const own = readSettings(reader, otlpBySignal[signal], general);
  const protocol = own.protocol ?? general.protocol ?? "http/protobuf";
  const insecure = own.insecure ?? general.insecure ?? false;
  const settings = resolveSettings(reader, signal, protocol, own, general);
  const configOf = (address: SignalAddress): OtlpConfig => ({
    ...settings,
    ...(protocol === "grpc" ? grpcTarget(address, insecure) : httpTarget(address)),
    headers: headersOf(address, own, general),
  });
  const endpoints =
    own.endpoint === undefined ? usableGateways(reader, gatewayEndpoints, protocol) : [];
  const [first, ...others] = endpoints.map((endpoint) =>
    configOf({ endpoint, url: withSignalPath(endpoint.url, signal) }),
  );
  if (first === undefined) return configOf(selectAddress(reader, signal, protocol, own, general));
  if (others.length === 0) return first;
  const all = [first, ...others].map((gateway): OtlpConfig => ({ ...gateway, hasFailover: true }));
  return { ...first, gateways: all };
}

/** Returns the gateways that are usable with the protocol. */
function usableGateways(
  reader: EnvironmentReader,
  gatewayEndpoints: readonly Endpoint[],
  protocol: OtlpProtocol,
): readonly Endpoint[] {
  return gatewayEndpoints.filter((endpoint) =>
    isUsable(reader, gateways, endpoint, protocol, "the other endpoints"),
  );
}

function resolveSettings(
  reader: EnvironmentReader,
  signal: Signal,
  protocol: OtlpProtocol,
  own: OtlpSettings,
  general: OtlpSettings,
): Pick<OtlpConfig, "protocol" | "timeoutMs" | "compression" | "tls"> {
  return {
    protocol,
    timeoutMs: own.timeoutMs ?? general.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    compression: own.compression ?? general.compression ?? "none",
    tls: tlsOf(reader, signal, own, general),
  };
}

/** An endpoint, and the URL that the signal is exported to. */
interface SignalAddress {
  readonly endpoint: Endpoint;
  readonly url: URL;
}

/** Returns the first usable one of the signal's endpoint, the general one and the default. */
function selectAddress(
  reader: EnvironmentReader,
  signal: Signal,
  protocol: OtlpProtocol,
  own: OtlpSettings,
  general: OtlpSettings,
): SignalAddress {
  const fallback = protocol === "grpc" ? "http://localhost:4317" : "http://localhost:4318";
  const fallbackText = general.endpoint === undefined ? fallback : formatEndpoint(general.endpoint);
  if (isUsable(reader, otlpBySignal[signal].endpoint, own.endpoint, protocol, fallbackText)) {
    return { endpoint: own.endpoint, url: own.endpoint.url };
  }
  if (isUsable(reader, otlp.endpoint, general.endpoint, protocol, fallback)) {
    return { endpoint: general.endpoint, url: withSignalPath(general.endpoint.url, signal) };
  }
  const url = new URL(fallback);
  return {
    endpoint: { url, hostAndPort: undefined, authorization: undefined },
    url: withSignalPath(url, signal),
  };
}

/** `host:port` is enough for gRPC. HTTP needs a scheme. */
function isUsable(
  reader: EnvironmentReader,
  variable: Variable,
  endpoint: Endpoint | undefined,
  protocol: OtlpProtocol,
  used: string,
): endpoint is Endpoint {
  if (endpoint === undefined) return false;
  if (endpoint.hostAndPort === undefined || protocol === "grpc") return true;
  reader.report(variable, {
    received: quote(endpoint.hostAndPort),
    expected: EXPECTED_URL,
    used,
  });
  return false;
}

/**
 * Appends `v1/traces` and its like to the path of the general endpoint, which may end
 * in a slash. A signal's own endpoint is used unchanged.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 */
function withSignalPath(base: URL, signal: Signal): URL {
  const url = new URL(base);
  url.pathname = `${trimEndOf(base.pathname, "/")}/v1/${signal}`;
  return url;
}

type ExportTarget = Pick<OtlpConfig, "url" | "insecure">;

function httpTarget({ url }: SignalAddress): ExportTarget {
  return { url: url.href, insecure: url.protocol === "http:" };
}

/** TLS is decided by the scheme or, without one, by the variable. */
function grpcTarget({ endpoint }: SignalAddress, insecure: boolean): ExportTarget {
  const isInsecure =
    endpoint.hostAndPort === undefined ? endpoint.url.protocol === "http:" : insecure;
  const host = endpoint.hostAndPort ?? endpoint.url.host;
  return { url: `${isInsecure ? "http" : "https"}://${host}`, insecure: isInsecure };
}

function headersOf(
  { endpoint }: SignalAddress,
  own: OtlpSettings,
  general: OtlpSettings,
): Readonly<Record<string, string>> {
  const { authorization } = endpoint;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...general.headers,
    ...own.headers,
  };
}

function tlsOf(
  reader: EnvironmentReader,
  signal: Signal,
  own: OtlpSettings,
  general: OtlpSettings,
): OtlpConfig["tls"] {
  const ca = own.ca ?? general.ca;
  const cert = own.cert ?? general.cert;
  const key = own.key ?? general.key;
  if (cert !== undefined && key !== undefined) return { ca, cert, key };
  if (cert !== undefined) reportIncompletePair(reader, signal, "cert", "key");
  if (key !== undefined) reportIncompletePair(reader, signal, "key", "cert");
  return { ca, cert: undefined, key: undefined };
}

/** Reports a client certificate without a key, or a key without a certificate. An unreadable file is reported elsewhere. */
function reportIncompletePair(
  reader: EnvironmentReader,
  signal: Signal,
  present: "cert" | "key",
  missing: "cert" | "key",
): void {
  const own = otlpBySignal[signal];
  const rows = reader.has(own[present]) ? own : otlp;
  // The general half may belong to the other half of another signal.
  const sources = rows === otlp ? [otlp, ...Object.values(otlpBySignal)] : [own, otlp];
  if (sources.some((source) => reader.has(source[missing]))) return;
  const expected = `${rows[missing].name} to be set too`;
  reader.report(rows[present], { expected, used: "no client certificate" });
}
