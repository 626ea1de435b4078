import type { AdminConfig } from "../../config/config.ts";

/** The addresses of a server that listens on all, and where it is reached on the same host. */
const localAddresses: Readonly<Record<string, string>> = {
  "0.0.0.0": "127.0.0.1",
  "::": "[::1]",
};

/** Returns the origin of the admin server for a client on the same host: `http://localhost:9464`. */
export function adminOrigin({
  host,
  port,
  tls,
}: Pick<AdminConfig, "host" | "port" | "tls">): string {
  const name = localAddresses[host] ?? (host.includes(":") ? `[${host}]` : host);
  return `${tls === undefined ? "http" : "https"}://${name}:${port}`;
}
