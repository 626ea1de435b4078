import type { Duplex } from "node:stream";

/**
 * Rejects what is no request, or an incomplete one, for `clientError` of an HTTP server. Nothing
 * here may throw, or malformed input would terminate the app (CVE-2026-44902). `end` alone would
 * leave the connection half-open with a client that never closes its side.
 *
 * A browser opens connections in advance, and may send a request on one while the server closes
 * it: after 408 it sends the request again, after 400 it does not.
 */
export function rejectRequest(error: Error, socket: Duplex & { destroySoon?(): void }): void {
  const { code } = error as NodeJS.ErrnoException;
  // Without a TLS handshake there is no connection that a response could be written to.
  const isHttp = /^(?:HPE|ERR_HTTP)_/.test(String(code));
  if (isHttp && socket.writable && socket.destroySoon !== undefined) {
    const status = code === "ERR_HTTP_REQUEST_TIMEOUT" ? "408 Request Timeout" : "400 Bad Request";
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    socket.destroySoon();
  } else socket.destroy();
}
