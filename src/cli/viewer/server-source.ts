import type { ProfileDetail, Run, UnitDetail } from "../../viewer/model.ts";
import type { UnitFilter, UnitQuery } from "../../viewer/viewer-store.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { SourceError, type ViewerSource } from "./viewer-source.ts";

/** A viewer that runs, with the token of its state file. */
export interface ViewerAddress {
  /** `http://localhost:9465` */
  readonly url: string;
  readonly token: string;
}

type Parameters = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

const TIMEOUT_MS = 30_000;

/** Reads from the API of a running viewer. */
export function createServerSource(address: ViewerAddress): ViewerSource {
  const api = new ViewerApi(address);
  return {
    description: `viewer ${new URL(address.url).origin}`,
    units: (query) => api.get("/api/requests", unitParameters(query)),
    unit: (id) => api.find<UnitDetail>(`/api/requests/${encodeURIComponent(id)}`),
    routes: (filter) => api.get("/api/routes", filterParameters(filter)),
    runs: () => api.get<readonly Run[]>("/api/runs"),
    metrics: () => api.get("/api/metrics"),
    profile: (id) => api.find<ProfileDetail>(`/api/profiles/${encodeURIComponent(id)}`),
    compare: ({ before, after, kind, name, nameAfter }) =>
      api.get("/api/compare", { before, after, kind, name, name_after: nameAfter }),
    setBaseline: async (run, name) => {
      await api.post(`/api/runs/${encodeURIComponent(run)}/baseline`, { name: name ?? null });
    },
    pin: async (id, pinned) => {
      await api.post(`/api/requests/${encodeURIComponent(id)}/pin`, { pinned });
    },
    profileNext: async (name, kind) => {
      const { asked } = await api.post<{ asked: number }>("/api/profiles/next", { name, kind });
      return asked;
    },
    export: (signal, filter) => api.get("/api/export", { ...filterParameters(filter), signal }),
    import: async (content) => {
      const { rejected } = await api.post<{ rejected: number }>("/api/import", content);
      return rejected;
    },
    close: () => {},
  };
}

function filterParameters(filter: UnitFilter): Parameters {
  return {
    ...{ text: filter.text, name: filter.name, status: filter.status },
    ...{ min_ms: filter.minMs, max_ms: filter.maxMs },
    attribute: filter.attributes?.map(({ key, value }) => `${key}:${value}`),
    ...{ service: filter.service, run: filter.run, kind: filter.kind },
    ...{ errors: filter.failed, n1: filter.nPlusOne, noise: filter.noise },
  };
}

function unitParameters({ sort, order, limit, cursor, ...filter }: UnitQuery): Parameters {
  return { ...filterParameters(filter), sort, order, limit, cursor };
}

/** The JSON API of the viewer. */
class ViewerApi {
  readonly #address: ViewerAddress;

  constructor(address: ViewerAddress) {
    this.#address = address;
  }

  async get<Answer>(path: string, parameters: Parameters = {}): Promise<Answer> {
    const response = await this.#send(path, parameters, {});
    return this.#read<Answer>(response);
  }

  /** Returns undefined for a thing that the viewer does not have. */
  async find<Answer>(path: string): Promise<Answer | undefined> {
    const response = await this.#send(path, {}, {});
    if (response.status !== 404) return this.#read<Answer>(response);
    await response.body?.cancel();
    return undefined;
  }

  async post<Answer>(path: string, body: object): Promise<Answer> {
    const response = await this.#send(path, {}, { method: "POST", body: JSON.stringify(body) });
    return this.#read<Answer>(response);
  }

  async #send(path: string, parameters: Parameters, init: RequestInit): Promise<Response> {
    const { url, token } = this.#address;
    const target = new URL(path, url);
    for (const [name, value] of Object.entries(parameters)) appendParameter(target, name, value);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(init.body !== undefined && {
        "content-type": "application/json",
        "x-telltale-viewer": "1",
      }),
    };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return await fetch(target, { ...init, headers, signal, redirect: "error" });
    } catch (error) {
      throw new SourceError(`the viewer at ${target.origin} can't be reached: ${reasonOf(error)}`);
    }
  }

  async #read<Answer>(response: Response): Promise<Answer> {
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Answer;
    const { origin } = new URL(this.#address.url);
    if (response.status === 401)
      throw new SourceError(
        `the viewer at ${origin} refuses the token; pass the address that telltale dev prints as --url`,
      );
    if (response.status === 400 || response.status === 404) throw new SourceError(messageIn(text));
    throw new SourceError(`the viewer at ${origin} answers ${response.status}: ${messageIn(text)}`);
  }
}

function appendParameter(target: URL, name: string, value: Parameters[string]): void {
  if (value === undefined || value === false) return;
  if (typeof value === "object") {
    for (const one of value) target.searchParams.append(name, one);
  } else target.searchParams.set(name, value === true ? "1" : String(value));
}

function reasonOf(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? excerpt(message);
}

/** Returns the message of an error response: JSON with `error`, or text. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    if (typeof error === "string") return excerpt(error);
  } catch {
    // A text.
  }
  return excerpt(text.trim());
}
