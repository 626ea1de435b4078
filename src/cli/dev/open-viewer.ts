import { inheritedEnvironment } from "../../env.ts";
import { readViewerState, type ViewerState } from "../../viewer/state-file.ts";
import { openStore } from "../../viewer/store/telemetry-store.ts";
import type { HistoryLimits } from "./history-options.ts";
import { startViewer, type Viewer } from "../../viewer/viewer.ts";

export const DEFAULT_PORT = 9465;

/** A busy machine may need seconds for the answer of a viewer, which lets the apps run first. */
const ANSWER_TIMEOUT_MS = 10_000;

/** How many ports are tried, if the default one belongs to another program. */
const TRIED_PORTS = 10;

export interface OpenOptions {
  readonly project: string;
  /** Undefined: the default, or the next one that is free. */
  readonly port: number | undefined;
  /** Default: those of the store. */
  readonly limits?: HistoryLimits;
  readonly print: (line: string) => void;
}

/** A viewer that runs: started here, or by another `telltale dev` of the project. */
export interface OpenViewer {
  readonly state: ViewerState;
  readonly joined: boolean;
  close(): Promise<void>;
}

/** The port that was asked for belongs to another program. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
}

/**
 * Joins the viewer of the project that runs on the port, or starts one.
 *
 * @throws PortInUseError, or the error of the system.
 */
export async function openViewer(options: OpenOptions): Promise<OpenViewer> {
  const { project, port } = options;
  const running = readViewerState(project);
  if (running !== undefined && isOnPort(running, port) && (await answers(running)))
    return { state: running, joined: true, close: async () => {} };
  const started = await start(options);
  return { ...started, joined: false };
}

function isOnPort({ url }: ViewerState, port: number | undefined): boolean {
  return port === undefined || new URL(url).port === String(port);
}

/** Whether the viewer of the state still answers: another process may have its id by now. */
async function answers({ url, token }: ViewerState): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/status`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function start({ project, port, limits, print }: OpenOptions): Promise<Viewer> {
  const variables = inheritedEnvironment();
  const store = openStore({ projectFolder: project, onMessage: print, ...limits });
  const onStateError = (error: unknown): void =>
    print(`commands can't find the viewer: ${String(error)}`);
  const ports = port === undefined ? defaultPorts() : [port];
  for (const tried of ports) {
    try {
      const viewer = await startViewer({ project, port: tried, variables, store, onStateError });
      if (tried !== ports[0]) print(`port ${ports[0]} is in use by another program`);
      return viewer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  store.close();
  const last = ports.length === 1 ? "" : ` to ${ports.at(-1)}`;
  throw new PortInUseError(
    `port ${ports[0]}${last} is in use by another program; choose a free one with --port, or any with --port 0`,
  );
}

function defaultPorts(): number[] {
  return Array.from({ length: TRIED_PORTS }, (_, at) => DEFAULT_PORT + at);
}
