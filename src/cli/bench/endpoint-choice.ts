import { quote } from "../../config/mask.ts";
import {
  type BenchFile,
  type FileEndpoint,
  isTarget,
  splitTarget,
  TARGET_EXPECTED,
} from "./bench-file.ts";
import { DEFAULT_TARGETS, type Endpoint } from "./endpoint.ts";

export interface EndpointSources {
  /** Those of the command line. */
  readonly targets: readonly string[];
  readonly file: BenchFile;
  readonly baseUrl: string | undefined;
  /** Headers and body of the command line, for all endpoints. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Returns the endpoints that are measured: the targets of the command line, with what the file
 * has about them, or without any all those of the file. Reports what is wrong.
 */
export function chooseEndpoints(sources: EndpointSources, problems: string[]): Endpoint[] {
  const { targets, file } = sources;
  const chosen =
    targets.length === 0
      ? file.endpoints
      : targets.flatMap((target) => chosenEndpoint(target, file, problems) ?? []);
  // What is wrong with the file may be the reason.
  if (targets.length === 0 && file.endpoints.length === 0 && problems.length === 0)
    problems.push(
      "there is no endpoint: telltale bench http://localhost:3000/orders, or endpoints in telltale.bench.yaml",
    );
  const endpoints = chosen.flatMap((endpoint) => complete(endpoint, sources, problems) ?? []);
  const names = endpoints.map(({ name }) => name);
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  for (const name of twice)
    problems.push(`two endpoints have the name ${quote(name)}; expected a name for each`);
  return endpoints;
}

/** Returns the endpoint of the file that a target means by its name or path, or a new one. */
function chosenEndpoint(
  target: string,
  file: BenchFile,
  problems: string[],
): FileEndpoint | undefined {
  const known = file.endpoints.find(
    ({ name, method, path }) =>
      name === target || `${method} ${path}` === target || path === target,
  );
  if (known !== undefined) return known;
  if (isTarget(target))
    return {
      ...splitTarget(target),
      ...{ name: undefined, headers: {}, body: undefined, status: undefined, targets: {} },
    };
  problems.push(`the target ${quote(target)} is not known; expected ${TARGET_EXPECTED}`);
  return undefined;
}

function complete(
  endpoint: FileEndpoint,
  sources: EndpointSources,
  problems: string[],
): Endpoint | undefined {
  const { method, path, status } = endpoint;
  const url = resolveUrl(path, sources.baseUrl);
  if (url === undefined) {
    problems.push(
      `the target ${quote(path)} needs the address of the app: --url http://localhost:3000, or url in the file`,
    );
    return undefined;
  }
  const { pathname, search } = url;
  const name = endpoint.name ?? `${method} ${pathname}${search}`;
  const { file, variables } = sources;
  const expand = (text: string): string => withVariables(text, name, variables, problems);
  const headers = { ...file.headers, ...endpoint.headers, ...sources.headers };
  const own = { ...file.targets, ...endpoint.targets };
  const body = sources.body ?? endpoint.body;
  return {
    ...{ name, method, url: url.href, status },
    headers: Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key, expand(value)]),
    ),
    body: body === undefined ? undefined : expand(body),
    targets: Object.keys(own).length === 0 ? DEFAULT_TARGETS : own,
  };
}

function resolveUrl(path: string, baseUrl: string | undefined): URL | undefined {
  return URL.parse(path, baseUrl) ?? undefined;
}

/** Replaces `${NAME}` by variables of the environment, since a file is no place for a secret. */
function withVariables(
  text: string,
  endpoint: string,
  variables: EndpointSources["variables"],
  problems: string[],
): string {
  return text.replaceAll(/\$\{(\w{1,100})\}/g, (whole, name: string) => {
    const value = variables[name];
    if (value !== undefined) return value;
    problems.push(`${endpoint}: the variable ${name} of ${whole} is not set`);
    return whole;
  });
}
