import type { LibraryRow } from "../row.ts";
import type { TestNode } from "../../nodes.ts";
import type { RequestTableName } from "./request-cases.ts";

/** A framework, with the parameters of its app in `apps/`. */
export interface FrameworkRow extends LibraryRow {
  /** Folder in `test/libraries`. */
  readonly group: string;
  /** Name of the app's file in `apps/`, without extension. */
  readonly app: string;
  /** Name of the requests in `request-cases.ts`. */
  readonly requestCases: RequestTableName;
  /** Modules that the app loads: name in the app -> installed package. */
  readonly loads: Readonly<Record<string, string>>;
  /** Wildcard of its router for all paths below a path. */
  readonly wildcard: string;
  /** Prefix of all paths of the app. */
  readonly prefix?: string;
  /** Title in the tests; default: the installed package and the Node version. */
  readonly title?: string;
}

export type Framework = Omit<FrameworkRow, "moduleSystem" | "node" | "supports" | "group"> & {
  readonly supports?: string;
  /** Default: both. */
  readonly modules?: readonly LibraryRow["moduleSystem"][];
  /** Default: the newest. */
  readonly nodes?: Partial<Record<LibraryRow["moduleSystem"], TestNode["name"]>>;
};

/** Support of all frameworks. */
export const frameworkSupport = "server spans and metrics by route, errors, context";

const NEWEST = "26";

/** Creates a row for each module system. */
export function rowsOf(group: string, frameworks: readonly Framework[]): FrameworkRow[] {
  return frameworks.flatMap(({ nodes = {}, modules = ["esm", "cjs"], ...framework }) =>
    modules.map((moduleSystem) => ({
      supports: frameworkSupport,
      ...framework,
      group,
      moduleSystem,
      node: nodes[moduleSystem] ?? NEWEST,
    })),
  );
}
