import { mkdtempSync, realpathSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentCommands } from "../../../src/viewer/server/agent-commands.ts";
import { Editor } from "../../../src/viewer/server/editor.ts";
import { EventStream } from "../../../src/viewer/server/event-stream.ts";
import { ViewerPage } from "../../../src/viewer/server/page.ts";
import type { RouteDeps } from "../../../src/viewer/server/route.ts";
import { startViewerServer, type ViewerServer } from "../../../src/viewer/server/viewer-server.ts";
import { WorkTree } from "../../../src/viewer/server/work-tree.ts";
import { createEmptyStore } from "./empty-store.ts";

export const TOKEN = "the-token-of-the-test";
export const COOKIE = "the-cookie-of-the-test";

export interface TestServer extends ViewerServer {
  readonly deps: RouteDeps;
  /** Methods of the store that requests have called. */
  readonly calls: string[];
}

/** Starts the server with a store that is empty. */
export async function startTestServer(
  options: { readonly project?: string; readonly editor?: string; readonly page?: string } = {},
): Promise<TestServer> {
  const project = options.project ?? realpathSync(mkdtempSync(join(tmpdir(), "viewer-")));
  const { store, calls } = createEmptyStore();
  let deps: RouteDeps | undefined;
  const server = await startViewerServer(0, (port) => {
    deps = {
      port,
      secrets: { token: TOKEN, cookie: COOKIE },
      store,
      events: new EventStream(),
      commands: new AgentCommands(),
      editor: new Editor(project, { TELLTALE_EDITOR: options.editor }),
      page: new ViewerPage(options.page),
      project,
      workTree: new WorkTree(project),
    };
    return deps;
  });
  return { ...server, deps: deps!, calls };
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface TestRequest {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Ends a response that has no end, such as a stream. */
  readonly headOnly?: boolean;
}

/** Sends a request with exactly these headers. */
export function send(port: number, path: string, options: TestRequest = {}): Promise<TestResponse> {
  const { method = "GET", host = `localhost:${port}`, headers, body, headOnly } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { host, ...headers } },
      (response) => {
        const parts: Buffer[] = [];
        const done = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString("utf8"),
          });
        if (headOnly === true) {
          done();
          outgoing.destroy();
          return;
        }
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", done);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
