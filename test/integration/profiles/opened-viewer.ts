import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnitDetail, UnitSummary } from "../../../src/viewer/model.ts";
import { openStore } from "../../../src/viewer/store/telemetry-store.ts";
import { startViewer } from "../../../src/viewer/viewer.ts";
import { pollUntil } from "../../until.ts";

/** A real viewer with its server and its history, in this process. */
export interface OpenedViewer {
  readonly url: string;
  get<Content>(path: string): Promise<Content>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves with the units of work that fit, once there is one. */
  units(query: string, fits?: (unit: UnitSummary) => boolean): Promise<readonly UnitSummary[]>;
  unit(id: string): Promise<UnitDetail>;
  close(): Promise<void>;
}

/** @param project folder of the project; default: an empty one */
export async function openViewer(project?: string): Promise<OpenedViewer> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-viewer-"));
  const messages: unknown[] = [];
  const viewer = await startViewer({
    project: project ?? folder,
    port: 0,
    variables: {},
    store: openStore({ projectFolder: folder, onMessage: (line) => messages.push(line) }),
    onStateError: (error) => messages.push(error),
  });
  const { url, token } = viewer.state;
  const fetchPath: OpenedViewer["fetch"] = (path, init = {}) =>
    fetch(url + path, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        "x-telltale-viewer": "1",
        ...(init.headers as Record<string, string> | undefined),
      },
    });
  const get: OpenedViewer["get"] = async <Content>(path: string) => {
    const response = await fetchPath(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Content;
  };
  return {
    url,
    get,
    fetch: fetchPath,
    units: (query, fits = () => true) =>
      pollUntil(
        async () => {
          const { items } = await get<{ readonly items: readonly UnitSummary[] }>(
            `/api/requests?limit=100&${query}`,
          );
          const found = items.filter(fits);
          return found.length > 0 ? found : undefined;
        },
        () => `a unit of work for ${query}`,
      ),
    unit: (id) => get(`/api/requests/${id}`),
    async close() {
      await viewer.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
