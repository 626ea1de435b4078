import { hostnameOf, isLocalHostname, isLoopback } from "../local-hostname.ts";
import type { RequestHandlerDeps } from "./deps.ts";

/**
 * Rejects requests to a loopback address by a host name that a browser's page could
 * have as well (DNS rebinding). See `isLocalHostname`.
 *
 * @param header the `Host` header. Undefined with HTTP/1.0, which no browser uses.
 * @returns the text of a 403 response, or undefined.
 */
export function hostRejection(
  header: string | undefined,
  { config, address }: RequestHandlerDeps,
): string | undefined {
  if (header === undefined || !isLoopback(address) || isLocalHostname(header)) return undefined;
  if (hostnameOf(header) === config.admin.host.toLowerCase()) return undefined;
  return "This server listens on a loopback address and accepts only local host names, because a page in a browser could use any other name (DNS rebinding). Use localhost or 127.0.0.1, or set OTEL_EXPORTER_PROMETHEUS_HOST to the host name or address in use.\n";
}
