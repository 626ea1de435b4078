import { isIP } from "node:net";

/**
 * Whether a server on a loopback address may be asked by this name. A page in a
 * browser whose name is made to point to 127.0.0.1 would read what is for this
 * machine alone (DNS rebinding); it can't send another name than its own.
 * Addresses, and names that nobody can register (RFC 6761; `.internal`, under which
 * Docker and Podman have the host), are no such names.
 *
 * @param header `Host`, with or without a port.
 */
export function isLocalHostname(header: string): boolean {
  const name = hostnameOf(header);
  return /(^|\.)localhost$|\.internal$/.test(name) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

/** The name in a `Host`, as it is compared. */
export function hostnameOf(header: string): string {
  return header.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

/** Whether an address is of this machine alone. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === "::1";
}
