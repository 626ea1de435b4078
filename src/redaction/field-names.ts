import type { RedactionConfig } from "../config/config.ts";
import { RecentResults } from "../text.ts";
import { isSecretField, isSecretKey } from "../secrets.ts";
import { builtInNames, type NameRules } from "./secret-text.ts";

/** Limits of the cache of decisions, and of the paths that are compared. */
const MAX_DECISIONS = 1000;
const MAX_CACHED_LENGTH = 100;
const MAX_PATH_LENGTH = 1000;

/** Which fields are secret by their names or paths: the built-in ones, with the user's additions and exceptions. */
export class FieldNames {
  readonly #added: Names;
  readonly #removed: Names;
  readonly #isPlain: boolean;
  readonly #decisions = new RecentResults<boolean>(MAX_DECISIONS);
  /** Whether any path is configured; else paths need not be known. */
  readonly hasPaths: boolean;
  /** The names of secrets within texts. */
  readonly inTexts: NameRules;

  constructor({ fields, exceptions }: Pick<RedactionConfig, "fields" | "exceptions">) {
    this.#added = new Names(fields);
    this.#removed = new Names(exceptions);
    this.#isPlain = fields.length === 0 && exceptions.length === 0;
    this.hasPaths = this.#added.hasPaths || this.#removed.hasPaths;
    this.inTexts = this.#isPlain
      ? builtInNames
      : {
          isSecretField: (name) => this.isSecret(name, name),
          isSecretKey: (key) => this.#isSecretName(key, isSecretKey(key)),
        };
  }

  /** @param path the names from the outermost field on, with dots between them. */
  isSecret(name: string, path: string): boolean {
    if (this.#isPlain) return isSecretField(name);
    const key = this.hasPaths ? path : name;
    if (key.length > MAX_CACHED_LENGTH) return this.#decide(name, path);
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const decision = this.#decide(name, path);
    this.#decisions.set(key, decision);
    return decision;
  }

  #decide(name: string, path: string): boolean {
    const segments = this.hasPaths && path.length <= MAX_PATH_LENGTH ? path.split(".") : [];
    if (this.#added.hasPathOf(segments)) return true;
    return this.#isSecretName(name, isSecretField(name)) && !this.#removed.hasExactPathOf(segments);
  }

  #isSecretName(name: string, isBuiltIn: boolean): boolean {
    const plain = normalized(name);
    return this.#added.hasName(plain) || (isBuiltIn && !this.#removed.hasName(plain));
  }
}

/** A text in which `*` was any text: the parts between the asterisks. */
type Glob = readonly string[];

/** Names and paths of a configuration. */
class Names {
  readonly #names: ReadonlySet<string>;
  readonly #globs: readonly Glob[];
  readonly #paths: readonly (readonly Glob[])[];

  constructor(entries: readonly string[]) {
    // The values of a list have the path of the list.
    const fields = entries.map((entry) => entry.replaceAll("[*]", ""));
    const names = fields.filter((field) => !field.includes("."));
    this.#names = new Set(names.filter((name) => !name.includes("*")).map(normalized));
    this.#globs = names
      .filter((name) => name.includes("*"))
      .map((name) => globOf(name, normalized));
    this.#paths = fields
      .filter((field) => field.includes("."))
      .map((path) => path.split(".").map((segment) => globOf(segment, String)));
  }

  get hasPaths(): boolean {
    return this.#paths.length > 0;
  }

  /** @param name as `normalized` returns it. */
  hasName(name: string): boolean {
    return this.#names.has(name) || this.#globs.some((glob) => matchesGlob(name, glob));
  }

  /** Whether one of the paths leads to a field, or to one that it is in. */
  hasPathOf(segments: readonly string[]): boolean {
    return this.#paths.some(
      (path) => path.length <= segments.length && startsWithPath(segments, path),
    );
  }

  hasExactPathOf(segments: readonly string[]): boolean {
    return this.#paths.some(
      (path) => path.length === segments.length && startsWithPath(segments, path),
    );
  }
}

function startsWithPath(segments: readonly string[], path: readonly Glob[]): boolean {
  return path.every((glob, at) => matchesGlob(segments[at] ?? "", glob));
}

function globOf(text: string, spell: (part: string) => string): Glob {
  return text.split("*").map(spell);
}

/** Takes linear time: each part is looked for behind the one before it. */
function matchesGlob(text: string, [start = "", ...parts]: Glob): boolean {
  const end = parts.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}

/** Spells a name the same way for `nationalId`, `national_id` and `National-ID`. */
function normalized(name: string): string {
  const lower = name.toLowerCase();
  return /[^a-z\d]/.test(lower) ? lower.replace(/[^\p{L}\p{N}]/gu, "") : lower;
}
