import type { LibraryRow } from "../row.ts";
import type { TestNode } from "../../nodes.ts";
import type { RequestTableName } from "./request-cases.ts";

/** A framework, and what an app of `apps/` needs of it. */
export interface FrameworkRow extends LibraryRow {
  /** Its folder in `test/libraries`. */
  readonly group: string;
  /** The app, a file of `apps/` without its ending. */
  readonly app: string;
  /** What the app is asked for, of `requests.ts`. */
  readonly requestCases: RequestTableName;
  /** What the app loads: its name for it, and what is installed. */
  readonly loads: Readonly<Record<string, string>>;
  /** What its router takes for all that is below a path. */
  readonly wildcard: string;
  /** What all paths of the app begin with. */
  readonly prefix?: string;
  /** What the tests call it, if not by what is installed and on which Node. */
  readonly title?: string;
}

export type Framework = Omit<FrameworkRow, "moduleSystem" | "node" | "supports" | "group"> & {
  readonly supports?: string;
  /** Both, unless said otherwise. */
  readonly modules?: readonly LibraryRow["moduleSystem"][];
  /** The newest, unless said otherwise. */
  readonly nodes?: Partial<Record<LibraryRow["moduleSystem"], TestNode["name"]>>;
};

/** What all of them give. */
export const frameworkSupport = "server spans and metrics by route, errors, context";

const NEWEST = "26";

/** The rows of each, one for each module system. */
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
