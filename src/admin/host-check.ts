import { hostnameOf, mayBeRebound } from "../local-hostname.ts";
import type { RequestHandlerDeps } from "./deps.ts";

/**
 * Rejects requests of web pages by DNS rebinding (`mayBeRebound`), unless the host name
 * is the configured one.
 *
 * @param header the `Host` header.
 * @returns the text of a 403 response, or undefined.
 */
export function hostRejection(
  header: string | undefined,
  { config, address }: RequestHandlerDeps,
): string | undefined {
  if (!mayBeRebound(header, address)) return undefined;
  if (hostnameOf(header) === config.admin.host.toLowerCase()) return undefined;
  return "This server listens on a loopback address and accepts only local host names, because a page in a browser could use any other name (DNS rebinding). Use localhost or 127.0.0.1, or set OTEL_EXPORTER_PROMETHEUS_HOST to the host name or address in use.\n";
}
