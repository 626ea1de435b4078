import { withoutEnd } from "../text.ts";
import type { OtlpConfig, OtlpProtocol } from "./config.ts";
import { ADDRESS, type Endpoint } from "./endpoint.ts";
import { maskedAddress, quoted } from "./mask.ts";
import type { Reader } from "./reader.ts";
import {
  gateways,
  otlp,
  otlpOfSignal,
  type OtlpVariables,
  shown,
  type Signal,
  type Variable,
} from "./variables.ts";

/**
 * Where each signal goes. What is said of one signal goes before what is said
 * of all; headers are put together.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function otlpOf(reader: Reader): Readonly<Record<Signal, OtlpConfig>> {
  const general = settingsOf(reader, otlp, {});
  const spread = reader.read(gateways);
  return {
    traces: signalOf(reader, "traces", general, spread),
    metrics: signalOf(reader, "metrics", general, spread),
    logs: signalOf(reader, "logs", general, spread),
  };
}

interface Settings {
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

/** `general` is what holds, and what the report names, where the signal's own is no good. */
function settingsOf(reader: Reader, rows: OtlpVariables, general: Settings): Settings {
  return {
    endpoint: reader.read(rows.endpoint, shownEndpoint(general.endpoint)),
    protocol: reader.read(rows.protocol, shown(general.protocol ?? otlp.protocol.default)),
    headers: reader.read(rows.headers),
    timeoutMs: reader.read(rows.timeout, shown(general.timeoutMs ?? otlp.timeout.default)),
    compression: reader.read(rows.compression, general.compression ?? otlp.compression.default),
    insecure: reader.read(rows.insecure, shown(general.insecure ?? otlp.insecure.default)),
    ca: reader.read(rows.ca),
    cert: reader.read(rows.cert),
    key: reader.read(rows.key),
  };
}

function shownEndpoint(endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? otlp.endpoint.default : maskedAddress(endpoint.url.href);
}

const USUAL_TIMEOUT = 10_000;

function signalOf(
  reader: Reader,
  signal: Signal,
  general: Settings,
  spread: readonly Endpoint[],
): OtlpConfig {
  const own = settingsOf(reader, otlpOfSignal[signal], general);
  const protocol = own.protocol ?? general.protocol ?? "http/protobuf";
  const insecure = own.insecure ?? general.insecure ?? false;
  const settings = sharedSettings(reader, signal, protocol, own, general);
  const configOf = (address: Address): OtlpConfig => ({
    ...settings,
    ...(protocol === "grpc" ? grpcTarget(address, insecure) : httpTarget(address)),
    headers: headersOf(address, own, general),
  });
  const places = own.endpoint === undefined ? reachable(reader, spread, protocol) : [];
  const [first, ...others] = places.map((endpoint) =>
    configOf({ endpoint, url: below(endpoint.url, signal) }),
  );
  if (first === undefined) return configOf(addressOf(reader, signal, protocol, own, general));
  if (others.length === 0) return first;
  const all = [first, ...others].map((gateway): OtlpConfig => ({ ...gateway, isOneOfSeveral: true }));
  return { ...first, gateways: all };
}

/** Those gateways that can be spoken to. */
function reachable(
  reader: Reader,
  spread: readonly Endpoint[],
  protocol: OtlpProtocol,
): readonly Endpoint[] {
  return spread.filter((endpoint) => usable(reader, gateways, endpoint, protocol, "the others"));
}

function sharedSettings(
  reader: Reader,
  signal: Signal,
  protocol: OtlpProtocol,
  own: Settings,
  general: Settings,
): Pick<OtlpConfig, "protocol" | "timeoutMs" | "compression" | "tls"> {
  return {
    protocol,
    timeoutMs: own.timeoutMs ?? general.timeoutMs ?? USUAL_TIMEOUT,
    compression: own.compression ?? general.compression ?? "none",
    tls: tlsOf(reader, signal, own, general),
  };
}

/** An address, and the URL that its signal is sent to. */
interface Address {
  readonly endpoint: Endpoint;
  readonly url: URL;
}

/** The first usable one of the signal's own endpoint, the general one and the default. */
function addressOf(
  reader: Reader,
  signal: Signal,
  protocol: OtlpProtocol,
  own: Settings,
  general: Settings,
): Address {
  const fallback = protocol === "grpc" ? "http://localhost:4317" : "http://localhost:4318";
  const instead = general.endpoint === undefined ? fallback : shownEndpoint(general.endpoint);
  if (usable(reader, otlpOfSignal[signal].endpoint, own.endpoint, protocol, instead)) {
    return { endpoint: own.endpoint, url: own.endpoint.url };
  }
  if (usable(reader, otlp.endpoint, general.endpoint, protocol, fallback)) {
    return { endpoint: general.endpoint, url: below(general.endpoint.url, signal) };
  }
  const url = new URL(fallback);
  return { endpoint: { url, bare: undefined, authorization: undefined }, url: below(url, signal) };
}

/** `host:port` says where a gRPC server is; over HTTP the scheme must be known. */
function usable(
  reader: Reader,
  variable: Variable,
  endpoint: Endpoint | undefined,
  protocol: OtlpProtocol,
  used: string,
): endpoint is Endpoint {
  if (endpoint === undefined) return false;
  if (endpoint.bare === undefined || protocol === "grpc") return true;
  reader.complain(variable, {
    received: quoted(endpoint.bare),
    expected: ADDRESS,
    used,
  });
  return false;
}

/**
 * A signal's own address is used as it is; to the general one `v1/traces` and
 * its like are added, whatever path it has already, with or without a slash.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 */
function below(base: URL, signal: Signal): URL {
  const url = new URL(base);
  url.pathname = `${withoutEnd(base.pathname, "/")}/v1/${signal}`;
  return url;
}

type Target = Pick<OtlpConfig, "url" | "insecure">;

function httpTarget({ url }: Address): Target {
  return { url: url.href, insecure: url.protocol === "http:" };
}

/** The scheme decides about TLS; the variable does where there is none. */
function grpcTarget({ endpoint }: Address, insecure: boolean): Target {
  const plain = endpoint.bare === undefined ? endpoint.url.protocol === "http:" : insecure;
  const place = endpoint.bare ?? endpoint.url.host;
  return { url: `${plain ? "http" : "https"}://${place}`, insecure: plain };
}

function headersOf(
  { endpoint }: Address,
  own: Settings,
  general: Settings,
): Readonly<Record<string, string>> {
  const { authorization } = endpoint;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...general.headers,
    ...own.headers,
  };
}

function tlsOf(
  reader: Reader,
  signal: Signal,
  own: Settings,
  general: Settings,
): OtlpConfig["tls"] {
  const ca = own.ca ?? general.ca;
  const cert = own.cert ?? general.cert;
  const key = own.key ?? general.key;
  if (cert !== undefined && key !== undefined) return { ca, cert, key };
  if (cert !== undefined) complainOfHalf(reader, signal, "cert", "key");
  if (key !== undefined) complainOfHalf(reader, signal, "key", "cert");
  return { ca, cert: undefined, key: undefined };
}

/** Neither half of a client certificate is of use alone; one that can't be read was reported already. */
function complainOfHalf(
  reader: Reader,
  signal: Signal,
  half: "cert" | "key",
  other: "cert" | "key",
): void {
  const own = otlpOfSignal[signal];
  const rows = reader.has(own[half]) ? own : otlp;
  // The general half may be there for another signal, which has the other.
  const places = rows === otlp ? [otlp, ...Object.values(otlpOfSignal)] : [own, otlp];
  if (places.some((place) => reader.has(place[other]))) return;
  const expected = `${rows[other].name} beside it`;
  reader.complain(rows[half], { expected, used: "no client certificate" });
}
