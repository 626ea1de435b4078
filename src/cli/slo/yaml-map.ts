import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { quote } from "../../config/mask.ts";
import { suggest } from "../../config/suggest.ts";

/** Reports a problem at a node of the file. */
type Report = (node: unknown, problem: string) => void;

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
 */
export function parseYamlFile(file: string, text: string): YamlFile {
  const lineCounter = new LineCounter();
  const problems: string[] = [];
  const at = (offset: number, problem: string): void => {
    problems.push(`${file}:${lineCounter.linePos(offset).line}: ${problem}`);
  };
  const report: Report = (node, problem) => at((node as Node | null)?.range?.[0] ?? 0, problem);
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  const maps: YamlMap[] = [];
  for (const { errors, contents } of "empty" in documents ? [] : documents) {
    for (const { pos, message } of errors.slice(0, 1)) at(pos[0], oneLine(message));
    if (errors.length > 0 || (isScalar(contents) && contents.value === null)) continue;
    if (isMap(contents)) maps.push(new YamlMap(contents, "", report));
    else report(contents, "expected a map");
  }
  if (maps.length === 0 && problems.length === 0) problems.push(`${file}: the file is empty`);
  return { documents: maps, problems };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** What a text has to be. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly expected: string;
}

/** A map of a YAML file, whose values are read by their keys. */
export class YamlMap {
  readonly #node: Node;
  readonly #values = new Map<string, unknown>();
  readonly #path: string;
  readonly #report: Report;
  readonly #read = new Set<string>();

  constructor(node: Node, path: string, report: Report) {
    this.#node = node;
    this.#path = path;
    this.#report = report;
    for (const { key, value } of isMap(node) ? node.items : [])
      this.#values.set(isScalar(key) ? String(key.value) : "?", value);
  }

  /** Whether the key has a value. */
  has(key: string): boolean {
    const node = this.#values.get(key);
    return node !== undefined && node !== null && !(isScalar(node) && node.value === null);
  }

  /** Returns a text that matches the rule. Undefined: there is none, or it is reported. */
  text(key: string, rule: TextRule): string | undefined {
    const value = this.#scalar(key, rule.expected);
    if (value === undefined) return undefined;
    const text = String(value);
    if (rule.pattern.test(text)) return text;
    this.problem(key, `received ${quote(text)}, expected ${rule.expected}`);
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
    const anyText = { pattern: /^/, expected: "a text" };
    return Object.fromEntries(names.map((name) => [name, map.text(name, anyText) ?? ""]));
  }

  /** Returns the map of a key. */
  map(key: string): YamlMap | undefined {
    const node = this.#take(key);
    if (node === undefined) return undefined;
    if (isMap(node)) return new YamlMap(node, `${this.#path}${key}.`, this.#report);
    this.problem(key, "expected a map");
    return undefined;
  }

  /** Returns the maps of a list. */
  maps(key: string): readonly YamlMap[] {
    const node = this.#take(key);
    if (node === undefined) return [];
    if (isSeq(node) && node.items.every((item) => isMap(item)))
      return node.items.map(
        (item, index) => new YamlMap(item, `${this.#path}${key}[${index}].`, this.#report),
      );
    this.problem(key, "expected a list of maps");
    return [];
  }

  /** Reports what is wrong with a key, or that it is missing. */
  problem(key: string, problem: string): void {
    this.#report(this.#values.get(key) ?? this.#node, `${this.#path}${key}: ${problem}`);
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
    this.problem(key, isAlias(node) ? "aliases are not supported" : `expected ${expected}`);
    return undefined;
  }
}
