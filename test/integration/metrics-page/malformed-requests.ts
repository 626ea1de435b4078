import type { Random } from "../../random.ts";

/** Valid requests, which the fuzzer changes. */
const seeds = [
  "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/openmetrics-text;q=0.5\r\n\r\n",
  "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n",
  "POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
  "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "GET http:// HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic eDp5\r\n\r\n",
  "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n\r\n",
] as const;

/** Texts that parsers have failed on. */
const fragments = [
  "\0",
  "\r\n",
  "\r",
  "\n\n",
  "\t ",
  ":",
  "%",
  "%E0%A4%A",
  "http://[::",
  "//evil.example/",
  "\u00ff\u00fe",
  "\u0016\u0003\u0001\u0000\u00a5",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Transfer-Encoding: chunked, identity\r\n",
  "Host: \r\n",
  "Host: [::1\r\n",
  "Accept: ,;,=;q=,\r\n",
  "Accept-Encoding: *;q=\r\n",
  "Authorization: Basic ====\r\n",
  "__proto__: x\r\n",
  "HTTP/9.9",
  "ffffffffffffffff\r\n",
  "x".repeat(9000),
  "X-Header: y\r\n".repeat(700),
] as const;

/** Returns the bytes of a malformed request: a valid one with random changes. */
export function malformedRequest(random: Random): Buffer {
  let text: string = random.pick(seeds);
  const changes = 1 + random.below(4);
  for (let change = 0; change < changes; change += 1) text = changed(text, random);
  return Buffer.from(text, "latin1");
}

function changed(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + random.pick(fragments) + text.slice(at);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + text.slice(at + 1 + random.below(10));
    default:
      return text.slice(0, at) + text.slice(random.below(text.length + 1)) + text.slice(at);
  }
}
