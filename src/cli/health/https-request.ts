import type { ClientRequest, RequestOptions } from "node:http";
import { request } from "node:https";

/**
 * Starts a request over TLS.
 *
 * @param certificate the only one that is accepted, whatever its names are; undefined: any
 *   that Node accepts for the host
 */
export function requestByHttps(
  url: URL,
  options: RequestOptions,
  certificate: string | undefined,
): ClientRequest {
  if (certificate === undefined) return request(url, options);
  return request(url, {
    ...options,
    ca: certificate,
    allowPartialTrustChain: true,
    // The certificate is that of the file: its names are those of other addresses of the host.
    checkServerIdentity: () => undefined,
  });
}
