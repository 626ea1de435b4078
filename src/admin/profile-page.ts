import type { IncomingMessage } from "node:http";
import {
  MAX_SECONDS,
  type OnDemandProfiles,
  type ProfileRequest,
} from "../profiling/on-demand-profiles.ts";
import { hasBearerToken } from "../replies/credentials.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";

const METHODS = "GET, POST";
const DEFAULT_SECONDS = 10;

/** Kinds of profiles by path. */
const KINDS = { "/profile/cpu": "cpu", "/profile/heap": "allocation" } as const;

/**
 * Responds to a request for a profile of this process, once it is recorded:
 *
 *     POST  /profile/cpu?seconds=10
 *     POST  /profile/heap?seconds=10&type=inuse_space
 *     GET   either: whether one is being recorded, and how many more may be
 *
 * `format=v8`, or an `Accept` header with JSON, asks for the content of a `.cpuprofile`
 * or a `.heapprofile` instead of pprof.
 *
 * @param token the bearer token that a request must have. Undefined: no request may record.
 */
export async function profilePage(
  path: keyof typeof KINDS,
  request: IncomingMessage,
  token: string | undefined,
  profiles: OnDemandProfiles,
): Promise<HttpReply> {
  if (token === undefined) return NO_TOKEN;
  if (!hasBearerToken(request.headers.authorization, token)) return UNAUTHORIZED;
  if (request.method === "GET") return jsonReply(200, { pid: process.pid, ...profiles.state() });
  if (request.method !== "POST")
    return textReply(405, `Only ${METHODS} are allowed.\n`, { allow: METHODS });
  const abort = new AbortController();
  const onClose = (): void => abort.abort();
  const { socket } = request;
  socket.once("close", onClose);
  try {
    const wanted = readRequest(KINDS[path], request, abort.signal);
    if (typeof wanted === "string") return textReply(400, `${wanted}\n`);
    return await reply(profiles, wanted);
  } finally {
    socket.off("close", onClose);
  }
}

const NO_TOKEN = textReply(
  403,
  "Profiles need a token: set TELLTALE_ADMIN_TOKEN in the environment of the app.\n",
);

const UNAUTHORIZED = textReply(401, "A bearer token is required: TELLTALE_ADMIN_TOKEN.\n", {
  "www-authenticate": 'Bearer realm="telltale"',
});

async function reply(profiles: OnDemandProfiles, wanted: ProfileRequest): Promise<HttpReply> {
  const result = await profiles.record(wanted);
  if ("reason" in result) {
    const { status, reason, retryAfterSeconds: seconds } = result;
    const headers = seconds === undefined ? {} : { "retry-after": String(seconds) };
    return textReply(status, `${reason}\n`, headers);
  }
  return {
    status: 200,
    contentType: wanted.format === "v8" ? "application/json" : "application/octet-stream",
    body: result.content,
    isCompressed: wanted.format === "pprof",
    headers: { "content-disposition": `attachment; filename="${result.name}"` },
  };
}

/** Reads the query of a request, or returns what is wrong with it. */
function readRequest(
  kind: ProfileRequest["kind"],
  { url = "", headers }: IncomingMessage,
  signal: AbortSignal,
): ProfileRequest | string {
  const query = new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : "");
  const text = query.get("seconds") ?? String(DEFAULT_SECONDS);
  const seconds = Number(text);
  if (text === "" || !(seconds > 0 && seconds <= MAX_SECONDS))
    return `seconds: expected a number above 0 and up to ${MAX_SECONDS}`;
  const accepted = headers.accept?.includes("application/json") === true ? "v8" : "pprof";
  const format = query.get("format") ?? accepted;
  if (format !== "pprof" && format !== "v8") return "format: expected pprof or v8";
  const type = query.get("type") ?? "alloc_space";
  if (kind === "cpu" && query.has("type")) return "type: only profiles of the heap have one";
  if (type !== "alloc_space" && type !== "inuse_space")
    return "type: expected alloc_space or inuse_space";
  return { kind, seconds, format, inUseOnly: type === "inuse_space", signal };
}
