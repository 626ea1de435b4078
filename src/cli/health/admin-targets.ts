import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import type { CommandArguments } from "../arguments.ts";
import { adminOrigin } from "./admin-address.ts";
import { readOrReport } from "./options.ts";

/** A page of an admin server that requires the token of `TELLTALE_ADMIN_TOKEN`. */
export interface AdminTarget {
  readonly url: URL;
  readonly token: string;
  /** The server's own certificate in PEM, which is the only one that is accepted. */
  readonly certificate: string | undefined;
}

/**
 * Returns a page of the servers of `--url` or, without it, of the server that the app's
 * variables describe. Adds what is wrong to `problems`, without the token.
 */
export function readAdminTargets(
  path: string,
  parsed: CommandArguments,
  environment: Environment,
  problems: string[],
): AdminTarget[] {
  // Whether the app records anything does not matter here.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { admin } = parseConfig(new Map(relevant)).config;
  const { token, port, tls } = admin;
  if (token === undefined) {
    problems.push(
      "TELLTALE_ADMIN_TOKEN is not set to a text of at least 16 characters: set it to the same token for the app and for this command",
    );
    return [];
  }
  const urls = parsed.texts.get("url");
  if (urls !== undefined) return targetsOfUrls(path, urls, token, problems);
  if (port === 0) {
    problems.push("OTEL_EXPORTER_PROMETHEUS_PORT is 0, so that the port is not known; pass --url");
    return [];
  }
  const url = URL.parse(path, adminOrigin(admin));
  if (url === null) {
    problems.push(`OTEL_EXPORTER_PROMETHEUS_HOST: received ${quote(admin.host)}, expected a host`);
    return [];
  }
  const certificate = tls && readOrReport("TELLTALE_ADMIN_CERTIFICATE", tls.certificate, problems);
  return [{ url, token, certificate }];
}

function targetsOfUrls(
  path: string,
  urls: readonly string[],
  token: string,
  problems: string[],
): AdminTarget[] {
  return urls.flatMap((text) => {
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol) && url.username === "") {
      return [{ url: new URL(path, url), token, certificate: undefined }];
    }
    problems.push("--url: expected an address such as http://10.0.0.7:9464");
    return [];
  });
}
