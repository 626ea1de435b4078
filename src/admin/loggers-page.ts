import type { IncomingMessage } from "node:http";
import type { LoggerApi } from "../api.ts";
import { hasBearerToken } from "../replies/credentials.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";

const METHODS = "GET, POST, DELETE";

/**
 * Responds to a request for `/loggers`, which shows and changes the levels of loggers:
 *
 *     GET     the levels that were set at run time
 *     POST    ?name=api.cache&level=debug&seconds=600
 *     DELETE  ?name=api.cache
 *
 * @param token the bearer token that a request must have.
 */
export function loggersPage(request: IncomingMessage, token: string, logger: LoggerApi): HttpReply {
  if (!hasBearerToken(request.headers.authorization, token)) {
    return textReply(401, "A bearer token is required: TELLTALE_ADMIN_TOKEN.\n", {
      "www-authenticate": 'Bearer realm="telltale"',
    });
  }
  const query = queryOf(request.url ?? "");
  switch (request.method) {
    case "GET":
      return levelsReply(logger);
    case "POST":
      return changeReply(logger, query, query.get("level") ?? "");
    case "DELETE":
      return changeReply(logger, query, null);
    default:
      return textReply(405, `Only ${METHODS} are allowed.\n`, { allow: METHODS });
  }
}

function queryOf(url: string): URLSearchParams {
  const question = url.indexOf("?");
  return new URLSearchParams(question === -1 ? "" : url.slice(question + 1));
}

function changeReply(logger: LoggerApi, query: URLSearchParams, level: string | null): HttpReply {
  const seconds = query.get("seconds");
  const forMs = seconds === null ? undefined : Number(seconds) * 1000;
  const problem = logger.changeLevel(query.get("name") ?? "*", level, forMs);
  if (problem !== undefined) return textReply(400, `The request ${problem}.\n`);
  return levelsReply(logger);
}

function levelsReply(logger: LoggerApi): HttpReply {
  const levels = [...logger.changedLevels()].map(([name, { level, until }]) => ({
    name,
    level,
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  }));
  return jsonReply(200, { levels });
}
