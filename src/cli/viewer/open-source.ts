import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { projectFolderOf } from "../../viewer/project-folder.ts";
import { openStore } from "../../viewer/store/telemetry-store.ts";
import { readViewerState, viewerFolderOf } from "../../viewer/state-file.ts";
import type { SourceOptions } from "./command-options.ts";
import { createServerSource, type ViewerAddress } from "./server-source.ts";
import { createStoreSource } from "./store-source.ts";
import { SourceError, type ViewerSource } from "./viewer-source.ts";

/**
 * Opens what a command reads: the viewer of the options, the one that runs for the
 * project, or its history.
 *
 * @param folder where the command runs.
 * @throws SourceError if there is neither.
 */
export async function openSource(options: SourceOptions, folder: string): Promise<ViewerSource> {
  const project = projectFolderOf(folder);
  if (options.history !== undefined)
    return openHistoryFile(resolve(folder, options.history), project, options.writes);
  if (options.url !== undefined) return createServerSource(addressOf(options.url, project));
  const state = readViewerState(project);
  if (state !== undefined && (await isReachable(state))) return createServerSource(state);
  const file = join(viewerFolderOf(project), "history.db");
  if (existsSync(file)) return openHistoryFile(file, project, options.writes);
  throw new SourceError(
    `no viewer runs for ${project}, and there is no history; start one with: telltale dev -- node app.js`,
  );
}

/** Whether the viewer of a state file answers: one that was killed leaves its file. */
async function isReachable({ url }: ViewerAddress): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000), redirect: "manual" });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** Returns the address with its token: that in the address, or that of the project's viewer. */
function addressOf(text: string, project: string): ViewerAddress {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SourceError("--url: expected the address that telltale dev prints");
  const state = readViewerState(project);
  const own = state !== undefined && new URL(state.url).port === url.port ? state.token : undefined;
  const token = url.searchParams.get("token") ?? own;
  if (token === undefined)
    throw new SourceError(
      "--url: the address has no token; expected the whole address that telltale dev prints",
    );
  return { url: url.origin, token };
}

function openHistoryFile(file: string, project: string, writes: boolean): ViewerSource {
  if (!existsSync(file)) throw new SourceError(`--history: there is no file ${file}`);
  const messages: string[] = [];
  const store = openStore({
    projectFolder: project,
    history: file,
    readOnly: !writes,
    onMessage: (message) => messages.push(message),
  });
  // Without a path, the store has an empty history in memory instead of this one.
  if (store.status().history.path === undefined) {
    store.close();
    throw new SourceError(messages[0] ?? `the history ${file} can't be read`);
  }
  return createStoreSource(store, `history ${relative(project, file)}`, project);
}
