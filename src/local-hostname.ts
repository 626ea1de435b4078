import { isIP } from "node:net";

/**
 * Whether a server on a loopback address may be addressed by this host name. A web
 * page whose own name resolves to 127.0.0.1 could read data of the local host (DNS
 * rebinding), and a browser always sends the page's name. Addresses and names that
 * can't be registered are safe: those of RFC 6761, and `.internal`, which Docker and
 * Podman use for the host.
 *
 * @param header the `Host` header, with or without a port.
 */
function isLocalHostname(header: string): boolean {
  const name = hostnameOf(header);
  return /(^|\.)localhost$|\.internal$/.test(name) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

/**
 * Whether a request to a loopback address may be one of a web page by DNS rebinding.
 *
 * @param header the `Host` header. Undefined with HTTP/1.0, which no browser uses.
 * @param address the local address of the server.
 */
export function mayBeRebound(header: string | undefined, address: string): header is string {
  return header !== undefined && isLoopback(address) && !isLocalHostname(header);
}

/** Returns the host name of a `Host` header, normalized for comparison. */
export function hostnameOf(header: string): string {
  return header.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

/** Whether an address is reachable from the local host only. */
function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === "::1";
}
