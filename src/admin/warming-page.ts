import type { IncomingMessage } from "node:http";
import { hasBearerToken } from "../replies/credentials.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";
import type { CacheWarmers } from "../warming/cache-warmers.ts";

const METHODS = "GET, POST";

/** More parameters of one run are a mistake. */
const MAX_PARAMS = 50;

/**
 * Responds to a request for `/warm`, which shows and runs cache warmers:
 *
 *     GET   the warmers with their last runs, and the counts of all caches
 *     GET   ?run=ID&run=ID             these runs
 *     POST  ?name=products&param=user%3D123   starts them, all without a name
 *
 * A run takes longer than a request may, so its result is asked for.
 *
 * @param token the bearer token that a request must have. Undefined: no request may run them.
 * @param warmers undefined: the app has registered none.
 */
export function warmingPage(
  request: IncomingMessage,
  token: string | undefined,
  warmers: CacheWarmers | undefined,
): HttpReply {
  if (token === undefined) return NO_TOKEN;
  if (!hasBearerToken(request.headers.authorization, token)) return UNAUTHORIZED;
  const query = queryOf(request.url ?? "");
  switch (request.method) {
    case "GET":
      return query.has("run") ? runsReply(query, warmers) : listReply(warmers);
    case "POST":
      return startReply(query, warmers);
    default:
      return textReply(405, `Only ${METHODS} are allowed.\n`, { allow: METHODS });
  }
}

const NO_TOKEN = textReply(
  403,
  "Cache warmers need a token: set TELLTALE_ADMIN_TOKEN in the environment of the app.\n",
);

const UNAUTHORIZED = textReply(401, "A bearer token is required: TELLTALE_ADMIN_TOKEN.\n", {
  "www-authenticate": 'Bearer realm="telltale"',
});

function queryOf(url: string): URLSearchParams {
  const question = url.indexOf("?");
  return new URLSearchParams(question === -1 ? "" : url.slice(question + 1));
}

function listReply(warmers: CacheWarmers | undefined): HttpReply {
  const [list, caches] = [warmers?.list() ?? [], warmers?.cacheStats() ?? []];
  return jsonReply(200, { pid: process.pid, warmers: list, caches });
}

function runsReply(query: URLSearchParams, warmers: CacheWarmers | undefined): HttpReply {
  return jsonReply(200, { runs: warmers?.runsOf(query.getAll("run")) ?? [] });
}

function startReply(query: URLSearchParams, warmers: CacheWarmers | undefined): HttpReply {
  const params = paramsOf(query.getAll("param"));
  if (typeof params === "string") return jsonReply(400, { problem: params });
  const names = query.getAll("name");
  const unknown = warmers === undefined ? names : warmers.unknownOf(names);
  if (unknown.length > 0) {
    const known = warmers?.list().map(({ name }) => name) ?? [];
    return jsonReply(404, { problem: "no such cache warmer", unknown, known });
  }
  return jsonReply(202, { pid: process.pid, runs: warmers?.run(names, params) ?? [] });
}

/** Returns the parameters of `key=value`, or what is wrong with them. */
function paramsOf(texts: readonly string[]): Readonly<Record<string, string>> | string {
  if (texts.length > MAX_PARAMS)
    return `${texts.length} parameters, expected at most ${MAX_PARAMS}`;
  const entries = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const key = text.slice(0, equals);
    if (equals < 1) return "a parameter without a name, expected key=value";
    if (entries.has(key)) return "two parameters of one name, expected each once";
    entries.set(key, text.slice(equals + 1));
  }
  return Object.fromEntries(entries);
}
