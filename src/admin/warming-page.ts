import type { IncomingMessage } from "node:http";
import { hasBearerToken } from "../replies/credentials.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";
import type { PageSharing } from "../metrics/cluster/page-sharing.ts";
import type { CacheWarmers } from "../warming/cache-warmers.ts";
import type { AdminDeps } from "./deps.ts";
import {
  replyToWarmingCall,
  type WarmingCall,
  type WarmingReply,
  warmingReplyOf,
} from "./warming-call.ts";

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
 * In a cluster all processes of the app are asked, each of which has caches of its own.
 *
 * @param token the bearer token that a request must have. Undefined: no request may run them.
 */
export function warmingPage(
  request: IncomingMessage,
  token: string | undefined,
  { warmers, sharePage }: Pick<AdminDeps, "warmers" | "sharePage">,
): HttpReply | Promise<HttpReply> {
  if (token === undefined) return NO_TOKEN;
  if (!hasBearerToken(request.headers.authorization, token)) return UNAUTHORIZED;
  const query = queryOf(request.url ?? "");
  const processes = new AppProcesses(warmers?.(), sharePage?.());
  switch (request.method) {
    case "GET":
      return query.has("run") ? runsReply(query, processes) : listReply(processes);
    case "POST":
      return startReply(query, processes);
    default:
      return textReply(405, `Only ${METHODS} are allowed.\n`, { allow: METHODS });
  }
}

interface ProcessReply extends WarmingReply {
  readonly pid: number;
}

interface Replies {
  /** This process is the first one. */
  readonly processes: readonly [ProcessReply, ...ProcessReply[]];
  /** The ids of those that have not replied in time. */
  readonly unanswered: readonly number[];
}

/** This process, and the others of the app. */
class AppProcesses {
  readonly #warmers: CacheWarmers | undefined;
  readonly #sharing: PageSharing | undefined;

  constructor(warmers: CacheWarmers | undefined, sharing: PageSharing | undefined) {
    this.#warmers = warmers;
    this.#sharing = sharing;
  }

  async ask(call: WarmingCall): Promise<Replies> {
    const own = { pid: process.pid, ...replyToWarmingCall(call, this.#warmers) };
    const answers = (await this.#sharing?.callOthers(call)) ?? [];
    const unanswered: number[] = [];
    const others = answers.flatMap(({ pid, reply }) => {
      const checked = warmingReplyOf(reply);
      if (checked === undefined) unanswered.push(pid);
      return checked === undefined ? [] : [{ pid, ...checked }];
    });
    return { processes: [own, ...others], unanswered };
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

async function listReply(app: AppProcesses): Promise<HttpReply> {
  const { processes, unanswered } = await app.ask({ action: "list" });
  const [own, ...others] = processes;
  return jsonReply(200, { ...listOf(own), others: others.map(listOf), unanswered });
}

function listOf({ pid, warmers, caches }: ProcessReply): object {
  return { pid, warmers, caches };
}

async function runsReply(query: URLSearchParams, app: AppProcesses): Promise<HttpReply> {
  return jsonReply(200, runsOf(await app.ask({ action: "runs", ids: query.getAll("run") })));
}

async function startReply(query: URLSearchParams, app: AppProcesses): Promise<HttpReply> {
  const params = paramsOf(query.getAll("param"));
  if (typeof params === "string") return jsonReply(400, { problem: params });
  const names = query.getAll("name");
  const { processes } = await app.ask({ action: "list" });
  const known = new Set(processes.flatMap(({ warmers }) => warmers.map(({ name }) => name)));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    return jsonReply(404, { problem: "no such cache warmer", unknown, known: [...known] });
  return jsonReply(202, runsOf(await app.ask({ action: "start", names, params })));
}

function runsOf({ processes, unanswered }: Replies): object {
  const runs = processes.flatMap(({ pid, runs: own }) => own.map((run) => ({ pid, ...run })));
  return { pid: process.pid, runs, unanswered };
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
