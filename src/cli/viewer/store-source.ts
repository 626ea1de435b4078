import {
  compareStored,
  type ComparisonQuery,
  UnknownSideError,
} from "../../viewer/comparison/compare-stored.ts";
import { profileDetail } from "../../viewer/profiles/profile-detail.ts";
import { recordedProfile } from "../../viewer/profiles/recorded-profile.ts";
import type { ViewerStore } from "../../viewer/viewer-store.ts";
import type { OtlpSignal } from "../../otlp/decode.ts";
import type { Comparison } from "../../viewer/model.ts";
import { SourceError, type ViewerSource } from "./viewer-source.ts";

/**
 * Reads from a history without a viewer that runs.
 *
 * @param project folder of the project, an absolute path.
 */
export function createStoreSource(
  store: ViewerStore,
  description: string,
  project: string,
): ViewerSource {
  return {
    description,
    units: async (query) => store.units(query),
    unit: async (id) => store.unit(id),
    routes: async (filter) => store.routes(filter),
    runs: async () => store.runs(),
    metrics: async () => store.metrics(undefined),
    profile: async (id) => {
      const stored = store.profile(id);
      return stored && profileDetail(recordedProfile(stored.summary, stored.content, project));
    },
    compare: async (query) => compare(store, query),
    setBaseline: async (run, name) => {
      if (!store.setBaseline(run, name)) throw new SourceError(`there is no run ${run}`);
    },
    pin: async (id, pinned) => {
      if (!store.pin(id, pinned)) throw new SourceError(`there is no request ${id}`);
    },
    profileNext: async () => {
      throw new SourceError(
        "a profile needs a viewer that runs, with an app; start both with telltale dev",
      );
    },
    export: async (signal, filter) => store.export(signal, filter),
    import: async (content) =>
      SIGNALS.reduce((rejected, signal) => {
        const request = content[signal];
        return rejected + (request === undefined ? 0 : store.add(signal, request));
      }, 0),
    close: () => store.close(),
  };
}

const SIGNALS: readonly OtlpSignal[] = ["traces", "logs", "metrics"];

/** @throws SourceError if a side is unknown. */
function compare(store: ViewerStore, query: ComparisonQuery): Comparison {
  try {
    return compareStored(store, query);
  } catch (error) {
    if (error instanceof UnknownSideError) throw new SourceError(error.message);
    throw error;
  }
}
