import type { OutputFile } from "../output-file.ts";

/** The modules of the blackbox exporter. */
const MODULES = `# Modules of the blackbox exporter. Written by telltale ops.
modules:
  # An address that has to answer with a status of 2xx, within 10 seconds. Redirects are
  # followed; if the address is https, the certificate has to be valid.
  http_healthy:
    prober: http
    timeout: 10s
    http:
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      preferred_ip_protocol: ip4

  # The page /healthz of telltale, which also has to report that all is well. Status 200 with
  # "warn" is a warning, and not a failure.
  http_healthz:
    prober: http
    timeout: 10s
    http:
      fail_if_body_not_matches_regexp: ['"status": ?"(pass|warn)"']
      preferred_ip_protocol: ip4

  # A port that has to accept connections: a database, a queue.
  tcp_connect:
    prober: tcp
    timeout: 5s
`;

/** Returns `blackbox/blackbox.yaml`. */
export function blackboxFiles(): readonly OutputFile[] {
  return [{ path: "blackbox/blackbox.yaml", text: MODULES }];
}
