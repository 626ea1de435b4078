import { readFileSync } from "node:fs";
import type { AdminConfig, SecretSource } from "../../config/config.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { adminOrigin } from "./admin-address.ts";
import { readSeconds, textOf } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import type { PageRequest } from "./request-page.ts";

const optionKinds = {
  path: "text",
  url: "text",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

export interface HealthOptions {
  /** Undefined if the options don't lead to an address. */
  readonly request: PageRequest | undefined;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale health`. Never throws. */
export function parseHealthOptions(
  args: readonly string[],
  environment: Environment,
): HealthOptions {
  const parsed = parseArguments(args, optionKinds);
  const problems = [...parsed.problems];
  const timeoutMs = readSeconds("timeout", 5, parsed, problems) * 1000;
  const target = readTarget(parsed, environment, problems);
  return { request: target && { ...target, timeoutMs }, flags: parsed.flags, problems };
}

type PageTarget = Omit<PageRequest, "timeoutMs">;

function readTarget(
  parsed: CommandArguments,
  environment: Environment,
  problems: string[],
): PageTarget | undefined {
  const url = textOf(parsed, "url");
  const path = textOf(parsed, "path");
  if (path?.startsWith("/") === false) {
    problems.push(`--path: received ${quote(path)}, expected a path such as /readyz`);
    return undefined;
  }
  if (url !== undefined) return targetOfUrl(url, path, problems);
  // Whether the app records anything does not matter here.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { admin } = parseConfig(new Map(relevant)).config;
  return targetOfAdmin(admin, path ?? "/readyz", problems);
}

function targetOfUrl(
  text: string,
  path: string | undefined,
  problems: string[],
): PageTarget | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    problems.push("--url: expected an address that begins with http:// or https://");
    return undefined;
  }
  return {
    url: path === undefined ? url : new URL(path, url),
    headers: {},
    certificate: undefined,
  };
}

function targetOfAdmin(
  admin: AdminConfig,
  path: string,
  problems: string[],
): PageTarget | undefined {
  const { host, port, tls, access } = admin;
  if (port === 0) {
    problems.push("OTEL_EXPORTER_PROMETHEUS_PORT is 0, so that the port is not known; pass --url");
    return undefined;
  }
  const url = URL.parse(path, adminOrigin(admin));
  if (url === null) {
    problems.push(`OTEL_EXPORTER_PROMETHEUS_HOST: received ${quote(host)}, expected a host`);
    return undefined;
  }
  const headers = access === undefined ? {} : credentials(access, problems);
  const certificate = tls && readOrReport("TELLTALE_ADMIN_CERTIFICATE", tls.certificate, problems);
  return { url, headers, certificate };
}

function credentials(
  { token, user }: NonNullable<AdminConfig["access"]>,
  problems: string[],
): PageTarget["headers"] {
  if (token !== undefined) {
    const secret = secretOf(token, problems);
    return secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  }
  const password = user && secretOf(user.password, problems);
  if (user === undefined || password === undefined) return {};
  const pair = Buffer.from(`${user.name}:${password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

function secretOf(source: SecretSource | undefined, problems: string[]): string | undefined {
  if (source === undefined) return undefined;
  if ("text" in source) return source.text;
  return readOrReport(source.variable, source.file, problems)?.trim();
}

/** Reads a file that a variable names. */
export function readOrReport(
  variable: string,
  file: string,
  problems: string[],
): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    problems.push(`${variable}: its file can't be read (${code})`);
    return undefined;
  }
}
