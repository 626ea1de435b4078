import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parse,
  parseDocument,
  Scalar,
} from "yaml";
import type { ReportProblem } from "./problem.ts";
import { substitute, type VariableLookup } from "./substitution.ts";

interface Placed {
  /** Line of the key or the item, from 1. */
  readonly line: number;
  /** The keys on the way to it, such as `tracer_provider.processors[0].batch`. */
  readonly path: string;
}

export type ScalarValue = string | number | boolean | null;

export interface FileScalar extends Placed {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  /** The text in the file, if it refers to variables. */
  readonly source: string | undefined;
}

export interface FileList extends Placed {
  readonly kind: "list";
  readonly items: readonly FileNode[];
}

export interface FileMap extends Placed {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, FileNode>;
}

/** A value of a configuration file, with its place. */
export type FileNode = FileScalar | FileList | FileMap;

/** More than any configuration has. */
const MAX_NODES = 20_000;

/** Aliases can make a short text large without end, and each is looked for in the whole document. */
const MAX_ALIASES = 1000;

/** A parsed file. */
export interface FileDocument {
  readonly root: FileMap;
  /** The names of the variables that the file refers to. */
  readonly names: ReadonlySet<string>;
}

/**
 * Parses the text of a configuration file, with variables substituted. Keys are never
 * substituted.
 *
 * @returns undefined if nothing of the text can be used, which is reported.
 */
export function parseFile(
  text: string,
  lookup: VariableLookup,
  report: ReportProblem,
): FileDocument | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  // A key that is there twice leaves the rest readable.
  const [error] = document.errors.toSorted((a, b) => rankOf(a.code) - rankOf(b.code));
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    report({ line, path: "" }, error.message.replaceAll(/\s+/g, " ").trim());
    if (rankOf(error.code) === 0) return undefined;
  }
  const reader = new NodeReader(document, lines, lookup, report);
  const root = reader.read(document.contents, { line: 1, path: "" });
  if (root?.kind === "map") return { root, names: reader.names };
  report({ line: 1, path: "" }, "expected a map with the key file_format");
  return undefined;
}

function rankOf(code: string): number {
  return code === "DUPLICATE_KEY" ? 1 : 0;
}

/** Converts nodes of a YAML document. */
class NodeReader {
  readonly names = new Set<string>();
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #lookup: VariableLookup;
  readonly #report: ReportProblem;
  #count = 0;
  #aliases = 0;

  constructor(
    document: Document,
    lines: LineCounter,
    lookup: VariableLookup,
    report: ReportProblem,
  ) {
    this.#document = document;
    this.#lines = lines;
    this.#lookup = lookup;
    this.#report = report;
  }

  /** Returns undefined for what can't be used, which is reported. */
  read(node: unknown, place: Placed): FileNode | undefined {
    this.#count++;
    if (this.#count > MAX_NODES) {
      if (this.#count === MAX_NODES + 1) this.#report(place, `more than ${MAX_NODES} values`);
      return undefined;
    }
    if (isAlias(node)) return this.#readAlias(node, place);
    if (isMap(node)) return this.#readMap(node.items, place);
    if (isSeq(node)) {
      const items = node.items.flatMap((item, index) => {
        const line = this.#lineOf(item) ?? place.line;
        return this.read(item, { line, path: `${place.path}[${index}]` }) ?? [];
      });
      return { kind: "list", items, ...place };
    }
    return this.#readScalar(node, place);
  }

  #readAlias(node: Alias, place: Placed): FileNode | undefined {
    this.#aliases++;
    if (this.#aliases <= MAX_ALIASES) return this.read(node.resolve(this.#document), place);
    if (this.#aliases === MAX_ALIASES + 1) this.#report(place, `more than ${MAX_ALIASES} aliases`);
    return undefined;
  }

  #readMap(items: readonly { key: unknown; value: unknown }[], place: Placed): FileMap {
    const entries = new Map<string, FileNode>();
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : "?";
      const path = place.path === "" ? name : `${place.path}.${name}`;
      const entry = this.read(value, { line: this.#lineOf(key) ?? place.line, path });
      if (entry !== undefined) entries.set(name, entry);
    }
    return { kind: "map", entries, ...place };
  }

  #readScalar(node: unknown, place: Placed): FileScalar | undefined {
    const value = isScalar(node) ? node.value : null;
    if (typeof value !== "string")
      return { kind: "scalar", value: plainValue(value), source: undefined, ...place };
    const { text, names, malformed } = substitute(value, this.#lookup);
    for (const name of names) this.names.add(name);
    if (malformed !== undefined) {
      this.#report(place, `received ${JSON.stringify(malformed)}, expected \${NAME} of a variable`);
      return undefined;
    }
    const isPlain = isScalar(node) && node.type === Scalar.PLAIN;
    const source = names.length > 0 ? value : undefined;
    return {
      kind: "scalar",
      value: text !== value && isPlain ? typedValue(text) : text,
      source,
      ...place,
    };
  }

  #lineOf(node: unknown): number | undefined {
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? undefined : this.#lines.linePos(start).line;
  }
}

function plainValue(value: unknown): ScalarValue {
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Returns the number, boolean or null that a plain text is in YAML, else the text. */
function typedValue(text: string): ScalarValue {
  try {
    const value: unknown = parse(text, { version: "1.2" });
    return value === null || typeof value === "number" || typeof value === "boolean" ? value : text;
  } catch {
    return text;
  }
}
