import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { readSeconds } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import { adminOrigin } from "../health/admin-address.ts";
import { readOrReport } from "../health/options.ts";

const optionKinds = {
  param: "texts",
  list: "flag",
  url: "texts",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

const MAX_NAMES = 100;
const DEFAULT_TIMEOUT_S = 300;

/** An admin server. */
export interface WarmTarget {
  /** The address of its page of warmers. */
  readonly url: URL;
  readonly token: string;
  /** The server's own certificate in PEM, which is the only one that is accepted. */
  readonly certificate: string | undefined;
}

export interface WarmOptions {
  readonly targets: readonly WarmTarget[];
  readonly names: readonly string[];
  /** As `key=value`. */
  readonly params: readonly string[];
  /** How long the end of the runs is awaited. */
  readonly timeoutMs: number;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale warm`. Never throws. */
export function parseWarmOptions(args: readonly string[], environment: Environment): WarmOptions {
  const parsed = parseArguments(args, optionKinds, "names", MAX_NAMES);
  const problems = [...parsed.problems];
  const timeoutMs = readSeconds("timeout", DEFAULT_TIMEOUT_S, parsed, problems) * 1000;
  const params = parsed.texts.get("param") ?? [];
  problems.push(...problemsOfParams(params));
  if (parsed.flags.has("list") && (params.length > 0 || parsed.positionals.length > 0))
    problems.push("--list takes no names and no --param");
  const targets = parsed.flags.has("help") ? [] : readTargets(parsed, environment, problems);
  return { targets, names: parsed.positionals, params, timeoutMs, flags: parsed.flags, problems };
}

function* problemsOfParams(params: readonly string[]): IterableIterator<string> {
  const keys = new Set<string>();
  for (const param of params) {
    const key = param.slice(0, Math.max(0, param.indexOf("=")));
    if (key === "") yield "--param: expected KEY=VALUE such as user=123";
    else if (keys.has(key)) yield `--param: received ${quote(key)} twice, expected each key once`;
    keys.add(key);
  }
}

function readTargets(
  parsed: CommandArguments,
  environment: Environment,
  problems: string[],
): WarmTarget[] {
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
  if (urls !== undefined) return targetsOfUrls(urls, token, problems);
  if (port === 0) {
    problems.push("OTEL_EXPORTER_PROMETHEUS_PORT is 0, so that the port is not known; pass --url");
    return [];
  }
  const url = URL.parse("/warm", adminOrigin(admin));
  if (url === null) {
    problems.push(`OTEL_EXPORTER_PROMETHEUS_HOST: received ${quote(admin.host)}, expected a host`);
    return [];
  }
  const certificate = tls && readOrReport("TELLTALE_ADMIN_CERTIFICATE", tls.certificate, problems);
  return [{ url, token, certificate }];
}

function targetsOfUrls(urls: readonly string[], token: string, problems: string[]): WarmTarget[] {
  return urls.flatMap((text) => {
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol) && url.username === "") {
      return [{ url: new URL("/warm", url), token, certificate: undefined }];
    }
    problems.push("--url: expected an address such as http://10.0.0.7:9464");
    return [];
  });
}
