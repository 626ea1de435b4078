import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpReply } from "../../replies/http-reply.ts";
import type { ViewerStore } from "../viewer-store.ts";
import type { AgentCommands } from "./agent-commands.ts";
import type { Editor } from "./editor.ts";
import type { EventStream } from "./event-stream.ts";
import type { ViewerPage } from "./page.ts";
import type { WorkTree } from "./work-tree.ts";
import type { GuardDeps, RouteAccess } from "./request-guard.ts";

/** What routes share. */
export interface RouteDeps extends GuardDeps {
  readonly store: ViewerStore;
  readonly events: EventStream;
  readonly commands: AgentCommands;
  readonly editor: Editor;
  readonly page: ViewerPage;
  readonly workTree: WorkTree;
  /** Folder of the project, an absolute path without symbolic links. */
  readonly project: string;
}

export interface RouteRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The parts of the path that its pattern names. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A response; undefined if the route has written it. */
export type RouteReply = HttpReply | undefined;

/** One row of the server's table: each request passes the guard of its row's access. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** A path whose parts may be names: `/api/requests/:id`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly handle: (request: RouteRequest, deps: RouteDeps) => RouteReply | Promise<RouteReply>;
}

/** Returns the parameters of a path that matches a pattern; undefined if it doesn't. */
export function matchPath(
  pattern: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? "";
    if (!part.startsWith(":")) {
      if (part !== text) return undefined;
      continue;
    }
    const value = decode(text);
    if (value === undefined || value === "") return undefined;
    parameters[part.slice(1)] = value;
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
