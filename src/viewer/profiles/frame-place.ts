import { dirname, isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { MappedPosition } from "../../profiling/mapped-positions.ts";
import type { SourcePlace } from "../model.ts";
import type { Frame } from "./call-tree.ts";

/** A function of a profile as it is shown. */
export interface PlacedFrame {
  readonly name: string;
  /** Package of `node_modules`, `node` for Node's own code, or undefined for the app. */
  readonly package?: string;
  readonly place?: SourcePlace;
}

/** Returns what is shown of functions; equal ones are one object. */
export class FramePlaces {
  readonly #projectFolder: string | undefined;
  readonly #mapped: ReadonlyMap<string, MappedPosition>;
  readonly #known = new Map<string, PlacedFrame>();

  /**
   * @param projectFolder absolute path, to which places are shown relatively
   * @param mapped positions of generated code in original files
   */
  constructor(projectFolder: string | undefined, mapped: readonly MappedPosition[]) {
    this.#projectFolder = projectFolder;
    this.#mapped = new Map(mapped.map((position) => [keyOf(position), position]));
  }

  of(frame: Frame): PlacedFrame {
    const key = `${frame.name} ${keyOf(frame)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const placed = this.#place(frame);
    this.#known.set(key, placed);
    return placed;
  }

  #place(frame: Frame): PlacedFrame {
    const { name, url, line, column } = frame;
    if (url === "" || url.startsWith("node:")) return { name, package: "node" };
    const mapped = this.#mapped.get(keyOf(frame));
    const file = mapped?.file ?? pathOf(url);
    const owner = packageOf(file) ?? (mapped === undefined ? undefined : packageOf(pathOf(url)));
    return {
      name,
      ...(owner !== undefined && { package: owner }),
      place: {
        file,
        line: mapped?.originalLine ?? line,
        column: mapped?.originalColumn ?? column,
        function: name,
        shown: this.#shown(file),
      },
    };
  }

  #shown(file: string): string {
    const folder = this.#projectFolder;
    if (folder === undefined || !isAbsolute(file)) return file;
    const path = relative(folder, file);
    return path.startsWith("..") || isAbsolute(path) ? file : path;
  }
}

function keyOf({ url, line, column }: Pick<Frame, "url" | "line" | "column">): string {
  return `${url}:${line}:${column}`;
}

/** Folder of telltale's own code, which is no package in its own repository. */
const ownFolder = dirname(fileURLToPath(import.meta.url));

/**
 * Returns the package of a file in `node_modules`: the innermost one, which is right for
 * nested packages and for the links of pnpm alike. Undefined for code of the app.
 */
export function packageOf(file: string): string | undefined {
  if (file.startsWith(ownFolder + sep)) return "telltale";
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf("node_modules");
  const name = at === -1 ? undefined : parts[at + 1];
  if (name === undefined || name === "") return undefined;
  const inScope = parts[at + 2];
  return name.startsWith("@") && inScope !== undefined ? `${name}/${inScope}` : name;
}

function pathOf(url: string): string {
  if (!url.startsWith("file:")) return url;
  try {
    // Loaders add a query to load a file again.
    return fileURLToPath(url.replace(/[?#].*$/s, ""));
  } catch {
    return url;
  }
}
