import type { ProfileSummary, Run, UnitDetail, UnitSummary } from "../../../src/viewer/model.ts";
import type { ViewerStore } from "../../../src/viewer/viewer-store.ts";

/** A store without content that records which of its methods are called. */
export function createEmptyStore(): { readonly store: ViewerStore; readonly calls: string[] } {
  const calls: string[] = [];
  const recorded =
    <Result>(name: string, result: Result) =>
    (): Result => {
      calls.push(name);
      return result;
    };
  const noPage = { items: [], total: 0 };
  const store: ViewerStore = {
    add: recorded("add", 0),
    import: recorded("import", 0),
    addProfile: recorded<ProfileSummary>("addProfile", { id: "1" } as ProfileSummary),
    units: recorded("units", noPage),
    unit: recorded("unit", {
      summary: { id: "1" } as UnitSummary,
      profiles: [] as readonly ProfileSummary[],
    } as UnitDetail),
    routes: recorded("routes", []),
    logs: recorded("logs", noPage),
    metrics: recorded("metrics", []),
    runs: recorded<Run[]>("runs", []),
    profile: recorded("profile", undefined),
    status: recorded("status", { services: [], history: { bytes: 0, units: 0 } }),
    exportUnit: recorded("exportUnit", {}),
    export: recorded("export", {}),
    pin: recorded("pin", true),
    setBaseline: recorded("setBaseline", true),
    clear: recorded("clear", undefined),
    subscribe: () => () => {},
    close: () => {},
  };
  return { store, calls };
}
