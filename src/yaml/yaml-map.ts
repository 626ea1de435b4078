import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { formatMasked, quote } from "../config/mask.ts";
import { suggest } from "../config/suggest.ts";
import { ANY_TEXT, type TextRule } from "./text-rules.ts";

/** Where something is in a file. */
export interface YamlPlace {
  readonly file: string;
  readonly line: number;
  /** The keys on the way to it, such as `slo.objectives[0].name`. */
  readonly path: string;
}

/** The file of a node. */
interface Source {
  readonly file: string;
  lineOf(node: unknown): number;
  /** Reports a problem at a node. */
  report(node: unknown, problem: string): void;
}

/** Parsed documents of a YAML file, with what is wrong in them. */
export interface YamlFile {
  readonly documents: readonly YamlMap[];
  /** One line each, with file and line. What is read from the documents adds to it. */
  readonly problems: string[];
}

/**
 * Parses a YAML file whose documents are maps. Never throws.
 *
 * @param file its name in messages.
 * @param problems to which those of this file are added.
 */
export function parseYamlFile(file: string, text: string, problems: string[] = []): YamlFile {
  const lineCounter = new LineCounter();
  const before = problems.length;
  const at = (line: number, problem: string): void => {
    problems.push(`${file}:${line}: ${problem}`);
  };
  const lineOf = (node: unknown): number =>
    lineCounter.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  const source: Source = { file, lineOf, report: (node, problem) => at(lineOf(node), problem) };
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  const maps: YamlMap[] = [];
  for (const { errors, contents } of "empty" in documents ? [] : documents) {
    for (const { pos, message } of errors.slice(0, 1))
      at(lineCounter.linePos(pos[0]).line, oneLine(message));
    if (errors.length > 0 || (isScalar(contents) && contents.value === null)) continue;
    if (isMap(contents)) maps.push(new YamlMap(contents, "", source));
    else source.report(contents, "expected a map");
  }
  if (maps.length === 0 && problems.length === before) problems.push(`${file}: the file is empty`);
  return { documents: maps, problems };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** What a number has to be; both limits are allowed. */
export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  readonly isInteger?: boolean;
}

/** A map of a YAML file, whose values are read by their keys. */
export class YamlMap {
  readonly #node: Node;
  readonly #values = new Map<string, unknown>();
  readonly #keyNodes = new Map<string, unknown>();
  readonly #path: string;
  readonly #source: Source;
  readonly #read = new Set<string>();

  constructor(node: Node, path: string, source: Source, isEmpty = false) {
    this.#node = node;
    this.#path = path;
    this.#source = source;
    for (const { key, value } of isMap(node) && !isEmpty ? node.items : []) {
      const name = isScalar(key) ? String(key.value) : "?";
      this.#values.set(name, value);
      this.#keyNodes.set(name, key);
    }
  }

  /** The keys, in the order of the file. */
  get keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether the key has a value. */
  has(key: string): boolean {
    const node = this.#values.get(key);
    return node !== undefined && node !== null && !isNull(node);
  }

  /** Whether the value of the key is a map. */
  hasMap(key: string): boolean {
    return isMap(this.#values.get(key));
  }

  /** Returns a text that matches the rule. Undefined: there is none, or it is reported. */
  text(key: string, rule: TextRule): string | undefined {
    const value = this.#scalar(key, rule.expected);
    if (value === undefined) return undefined;
    const text = String(value);
    if (rule.pattern.test(text)) return text;
    this.problem(key, `received ${formatMasked(text)}, expected ${rule.expected}`);
    return undefined;
  }

  /** Returns a text as {@link text} does, and reports a key without a value. */
  required(key: string, rule: TextRule): string | undefined {
    if (!this.has(key)) this.problem(key, `is missing, expected ${rule.expected}`);
    return this.text(key, rule);
  }

  /** Returns the texts of a list, or the only one without a list. Each matches the rule, or is reported. */
  list(key: string, rule: TextRule): readonly string[] {
    const node = this.#values.get(key);
    if (!isSeq(node)) return [this.text(key, rule) ?? []].flat();
    this.#read.add(key);
    return node.items.flatMap((item, index) => this.#textItem(item, `${key}[${index}]`, rule));
  }

  /** Returns the items of a list: maps, and texts that match the rule. Others are reported. */
  items(key: string, rule: TextRule): readonly (string | YamlMap)[] {
    const node = this.#take(key);
    if (node === undefined) return [];
    if (isSeq(node))
      return node.items.flatMap((item, index): readonly (string | YamlMap)[] => {
        const name = `${key}[${index}]`;
        if (!isMap(item)) return this.#textItem(item, name, rule);
        return [new YamlMap(item, `${this.#path}${name}.`, this.#source)];
      });
    this.problem(key, "expected a list");
    return [];
  }

  #textItem(item: unknown, name: string, rule: TextRule): readonly string[] {
    const text = isScalar(item) && !isNull(item) ? String(item.value) : undefined;
    if (text !== undefined && rule.pattern.test(text)) return [text];
    const received = text === undefined ? "" : `received ${formatMasked(text)}, `;
    this.#source.report(item, `${this.#path}${name}: ${received}expected ${rule.expected}`);
    return [];
  }

  /** Returns the number of a key within limits, or reports another value. */
  number(key: string, limits: NumberLimits): number | undefined {
    const expected = `${limits.isInteger === true ? "an integer" : "a number"} from ${limits.min} to ${limits.max}`;
    const value = this.#scalar(key, expected);
    if (value === undefined) return undefined;
    const number =
      typeof value === "string" && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)
        ? Number(value)
        : Number.NaN;
    const isValid =
      number >= limits.min &&
      number <= limits.max &&
      (limits.isInteger !== true || Number.isInteger(number));
    if (isValid) return number;
    this.problem(key, `received ${quote(String(value))}, expected ${expected}`);
    return undefined;
  }

  /** Returns `true` or `false`; the latter for anything else, which is reported. */
  flag(key: string): boolean {
    const value = this.#scalar(key, "true or false");
    if (value === undefined || typeof value === "boolean") return value === true;
    this.problem(key, `received ${quote(value)}, expected true or false`);
    return false;
  }

  /** Returns the texts of a map whose keys match the rule. */
  texts(key: string, rule: TextRule): Readonly<Record<string, string>> {
    const map = this.map(key);
    if (map === undefined) return {};
    const names = [...map.#values.keys()].filter((name) => {
      if (rule.pattern.test(name)) return true;
      map.problem(name, `expected ${rule.expected}`);
      return false;
    });
    return Object.fromEntries(names.map((name) => [name, map.text(name, ANY_TEXT) ?? ""]));
  }

  /** Returns the map of a key. */
  map(key: string): YamlMap | undefined {
    const node = this.#take(key);
    if (node === undefined) return undefined;
    if (isMap(node)) return new YamlMap(node, `${this.#path}${key}.`, this.#source);
    this.problem(key, isAlias(node) ? NO_ALIASES : "expected a map");
    return undefined;
  }

  /** Returns the map of a key, an empty one for a key without a value. */
  mapOrEmpty(key: string): YamlMap {
    const node = (this.#values.get(key) ?? this.#node) as Node;
    return this.map(key) ?? new YamlMap(node, `${this.#path}${key}.`, this.#source, true);
  }

  /** Returns the maps of a list. */
  maps(key: string): readonly YamlMap[] {
    const node = this.#take(key);
    if (node === undefined) return [];
    if (isSeq(node) && node.items.every((item) => isMap(item)))
      return node.items.map(
        (item, index) => new YamlMap(item, `${this.#path}${key}[${index}].`, this.#source),
      );
    this.problem(key, "expected a list of maps");
    return [];
  }

  /** Returns where a key is, or where in its list a text is. */
  placeOf(key: string, text?: string): YamlPlace {
    const node = this.#values.get(key);
    const items = isSeq(node) ? node.items : [];
    const index = items.findIndex((item) => isScalar(item) && String(item.value) === text);
    const line = this.#source.lineOf(items[index] ?? this.#keyNodes.get(key) ?? this.#node);
    const path = `${this.#path}${key}${index < 0 ? "" : `[${index}]`}`;
    return { file: this.#source.file, line, path };
  }

  /** Reports what is wrong with a key, or that it is missing. */
  problem(key: string, problem: string): void {
    this.#source.report(this.#values.get(key) ?? this.#node, `${this.#path}${key}: ${problem}`);
  }

  /** Reports keys that are known, and have no place here. */
  refuse(keys: readonly string[], problem: string): void {
    for (const key of keys) {
      this.#read.add(key);
      if (this.has(key)) this.problem(key, problem);
    }
  }

  /** Reports the keys that were not read. */
  end(): void {
    for (const key of this.#values.keys()) {
      if (this.#read.has(key)) continue;
      const suggestion = suggest(key, [...this.#read]);
      const note = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
      this.problem(key, `the key is not known${note}`);
    }
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.has(key) ? this.#values.get(key) : undefined;
  }

  #scalar(key: string, expected: string): string | boolean | undefined {
    const node = this.#take(key);
    if (node === undefined) return undefined;
    if (isScalar(node)) {
      const { value } = node;
      return typeof value === "boolean" ? value : String(value);
    }
    this.problem(key, isAlias(node) ? NO_ALIASES : `expected ${expected}`);
    return undefined;
  }
}

const NO_ALIASES = "aliases are not supported";

function isNull(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}
