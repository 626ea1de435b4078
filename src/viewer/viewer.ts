import { randomBytes } from "node:crypto";
import { AgentCommands } from "./server/agent-commands.ts";
import { Editor } from "./server/editor.ts";
import { EventStream } from "./server/event-stream.ts";
import { ViewerPage } from "./server/page.ts";
import { startViewerServer } from "./server/viewer-server.ts";
import { WorkTree } from "./server/work-tree.ts";
import { removeViewerState, type ViewerState, writeViewerState } from "./state-file.ts";
import type { ViewerStore } from "./viewer-store.ts";

export interface ViewerOptions {
  /** Folder of the project (`projectFolderOf`). */
  readonly project: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** The environment, which names the editor. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly store: ViewerStore;
  /** Called with the reason if other commands can't find the viewer. */
  readonly onStateError: (error: unknown) => void;
}

export interface Viewer {
  readonly state: ViewerState;
  /** Takes what apps have sent, then ends the server and the store. Later calls have no effect. */
  close(): Promise<void>;
}

/**
 * Starts the viewer of a project: its server, and the file by which commands find it.
 *
 * @throws the error of the system if the port can't be listened on.
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { project, store } = options;
  const secrets = { token: secret(), cookie: secret() };
  const events = new EventStream();
  const server = await startViewerServer(options.port, (port) => ({
    port,
    secrets,
    store,
    events,
    commands: new AgentCommands(),
    editor: new Editor(project, options.variables),
    page: new ViewerPage(),
    project,
    workTree: new WorkTree(project),
  }));
  const unsubscribe = store.subscribe((event) => events.send(event));
  const { token } = secrets;
  const url = `http://localhost:${server.port}`;
  const state = { url, token, pid: process.pid, started: Date.now() };
  try {
    writeViewerState(project, state);
  } catch (error) {
    options.onStateError(error);
  }
  const close = async (): Promise<void> => {
    await server.drain();
    removeViewerState(project, token);
    unsubscribe();
    events.close();
    await server.close();
    store.close();
  };
  let closed: Promise<void> | undefined;
  return { state, close: () => (closed ??= close()) };
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
