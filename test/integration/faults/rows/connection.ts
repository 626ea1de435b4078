import type { Cell, Fault } from "../fault.ts";
import { certificates, closed, http, noRead, raw, secure, silent } from "../peers.ts";
import { freePort } from "../../../free-port.ts";
import {
  cannotSend,
  delivered,
  notRetried,
  otlp,
  retried,
  sentLater,
  triedThreeTimes,
  unreachable,
} from "./cells.ts";

/** The attempts of a connection that isn't established can't be counted. */
const uncounted = (cell: Cell): Cell => ({ ...cell, isUncounted: true });

const untrusted = cannotSend("its certificate is not trusted");

/** A bad certificate does not become a good one by another attempt within the same export. */
function tlsCells(code: string): Fault["cells"] {
  return otlp(notRetried(untrusted), uncounted(triedThreeTimes(unreachable(code))));
}

export const connectionFaults: readonly Fault[] = [
  {
    group: "Connection",
    title: "refuses connections",
    peer: closed,
    cells: otlp(
      uncounted(retried(cannotSend("connection refused; is a Collector running there\\?"))),
      uncounted(triedThreeTimes(unreachable("ECONNREFUSED"))),
    ),
  },
  {
    group: "Connection",
    title: "refuses the first connections",
    peer: closed,
    isShort: true,
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "20000" },
    cells: otlp(uncounted(sentLater), {
      ...uncounted(sentLater),
      line: unreachable("ECONNREFUSED"),
    }),
  },
  {
    group: "Connection",
    title: "resets connections",
    peer: raw((socket) => socket.resetAndDestroy()),
    cells: otlp(
      retried(cannotSend("the connection was closed before an answer")),
      triedThreeTimes(unreachable("ECONNRESET")),
    ),
  },
  {
    group: "Connection",
    title: "closes its half of the connection instead of responding",
    peer: raw((socket) => socket.end()),
    cells: otlp(
      retried(cannotSend("the connection was closed before an answer")),
      triedThreeTimes(unreachable("ECONNRESET")),
    ),
  },
  {
    group: "Connection",
    title: "closes the first connection",
    peer: http(({ request, response, attempt, accept }) => {
      if (attempt === 1) return request.socket.destroy();
      accept();
      return response.end();
    }),
    cells: otlp(sentLater, { ...sentLater, line: unreachable("ECONNRESET") }),
  },
  {
    group: "Connection",
    title: "can't be routed to: neither accepts nor refuses connections",
    peer: silent,
    cells: otlp(
      { result: "dropped", line: cannotSend("no answer within 6000 ms") },
      { result: "queued", line: unreachable("no answer within 10000 ms") },
    ),
  },
  {
    group: "Connection",
    title: "accepts connections and reads nothing",
    peer: noRead,
    cells: otlp(
      { result: "dropped", line: cannotSend("no answer within 6000 ms") },
      { result: "queued", line: unreachable("no answer within 10000 ms") },
    ),
  },
  {
    group: "Connection",
    title: "a host name that does not exist",
    host: "telltale.invalid",
    isPermanent: true,
    peer: closed,
    cells: otlp(
      {
        ...uncounted(retried(cannotSend("the host's name (is unknown|could not be looked up)"))),
        afterwards: "dropped",
      },
      {
        ...uncounted(triedThreeTimes(unreachable("(ENOTFOUND|EAI_AGAIN)"))),
        afterwards: "dropped",
      },
    ),
  },
  {
    group: "TLS",
    title: "has an expired certificate",
    isTls: true,
    peer: secure(({ expired }) => expired),
    cells: tlsCells("CERT_HAS_EXPIRED"),
  },
  {
    group: "TLS",
    title: "has the certificate of another host",
    isTls: true,
    peer: secure(({ otherHost }) => otherHost),
    cells: tlsCells("ERR_TLS_CERT_ALTNAME_INVALID"),
  },
  {
    group: "TLS",
    title: "has a certificate of an unknown authority",
    isTls: true,
    isPermanent: true,
    peer: secure(({ server }) => server),
    env: { OTEL_EXPORTER_OTLP_CERTIFICATE: "", NODE_EXTRA_CA_CERTS: "" },
    cells: otlp(
      { ...notRetried(untrusted), afterwards: "dropped" },
      {
        ...uncounted(triedThreeTimes(unreachable("UNABLE_TO_VERIFY_LEAF_SIGNATURE"))),
        afterwards: "dropped",
      },
    ),
  },
  {
    group: "TLS",
    title: "requires a client certificate that is not configured",
    isTls: true,
    peer: secure(({ server, ca }) => ({ ...server, ca })),
    cells: otlp(
      notRetried(cannotSend("it requires a client certificate")),
      uncounted(triedThreeTimes(unreachable("(ERR_SSL_\\w+|ECONNRESET)"))),
    ),
  },
  {
    group: "TLS",
    title: "has no TLS, and https:// is configured",
    isTls: true,
    peer: http(({ response }) => response.end()),
    cells: otlp(
      notRetried(cannotSend("no TLS connection \\(\\w+\\); http:// or https:// mixed up\\?")),
      uncounted(triedThreeTimes(unreachable("(EPROTO|ERR_SSL_\\w+)"))),
    ),
  },
  {
    group: "Proxy",
    title: "a proxy (`HTTPS_PROXY`) that refuses connections",
    isTls: true,
    isPermanent: true,
    prepare: async () => ({
      env: {
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: `http://user:s3cret@127.0.0.1:${await freePort()}`,
      },
    }),
    cells: otlp(
      { ...uncounted(retried(cannotSend("connection refused"))), afterwards: "dropped" },
      { ...uncounted(triedThreeTimes(unreachable("ECONNREFUSED"))), afterwards: "dropped" },
    ),
  },
  {
    group: "Proxy",
    title: "a dead proxy, and the receiver in `NO_PROXY`",
    isTls: true,
    prepare: async () => ({
      env: {
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: `http://user:s3cret@127.0.0.1:${await freePort()}`,
        NO_PROXY: "127.0.0.1",
      },
    }),
    cells: otlp(delivered, delivered),
  },
];

/** Made before the tests, and not while one of them waits. */
export function prepareCertificates(): void {
  certificates();
}
