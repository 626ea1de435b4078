import type { TextRule } from "../../yaml/text-rules.ts";
import { parseYamlFile, type YamlMap } from "../../yaml/yaml-map.ts";
import { type Target, TARGET_FIGURES, type TargetFigure, type Targets } from "./endpoint.ts";

/** The content of `telltale.bench.yaml`. */
export interface BenchFile {
  readonly url: string | undefined;
  readonly iterations: number | undefined;
  readonly durationMs: number | undefined;
  readonly warmUp: number | undefined;
  readonly concurrency: number | undefined;
  readonly blocks: number | undefined;
  readonly maxBlocks: number | undefined;
  readonly clearCache: string | undefined;
  readonly warmCache: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly targets: Targets;
  readonly endpoints: readonly FileEndpoint[];
}

/** An endpoint of the file. */
export interface FileEndpoint {
  readonly name: string | undefined;
  readonly method: string;
  /** A path or an address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number | undefined;
  /** Those of the endpoint alone. */
  readonly targets: Targets;
}

export interface ParsedBenchFile {
  readonly content: BenchFile;
  /** One line each, with file and line. */
  readonly problems: readonly string[];
}

export const METHODS: readonly string[] = [
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
];

/** Limits of numbers, for the file and the command line. */
export const NUMBERS = {
  iterations: { min: 1, max: 10_000_000, isInteger: true },
  warm_up: { min: 0, max: 1_000_000, isInteger: true },
  concurrency: { min: 1, max: 1000, isInteger: true },
  blocks: { min: 1, max: 200, isInteger: true },
  max_blocks: { min: 1, max: 800, isInteger: true },
} as const;

/** A path or an address, with an optional method before it. */
const TARGET: TextRule = {
  pattern: /^(?:[A-Z]{3,7} )?(?:\/|https?:\/\/)[^\s\p{C}]{0,2000}$/u,
  expected: "a path such as /orders, or an address, also with a method before it: POST /orders",
};
const ADDRESS: TextRule = {
  pattern: /^https?:\/\/[^\s\p{C}]{1,2000}$/u,
  expected: "an address such as http://localhost:3000",
};
const ENDPOINT_NAME: TextRule = {
  pattern: /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u,
  expected: "a name of at most 100 characters",
};
const METHOD: TextRule = {
  pattern: /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/,
  expected: METHODS.join(", "),
};
const COMMAND: TextRule = { pattern: /\S/, expected: "a command, or a request: DELETE /cache" };
const BODY: TextRule = { pattern: /^/, expected: "a text" };
export const HEADER_NAME: TextRule = {
  pattern: /^[\w!#$%&'*+.^`|~-]{1,100}$/,
  expected: "the name of a header",
};

/** Parses the text of `telltale.bench.yaml`. Never throws. */
export function parseBenchFile(file: string, text: string): ParsedBenchFile {
  const { documents, problems } = parseYamlFile(file, text);
  const [document, second] = documents;
  if (second !== undefined) problems.push(`${file}: expected one document`);
  return { content: document === undefined ? EMPTY_FILE : readFile(document), problems };
}

export const EMPTY_FILE: BenchFile = {
  ...{ url: undefined, iterations: undefined, durationMs: undefined, warmUp: undefined },
  ...{ concurrency: undefined, blocks: undefined, maxBlocks: undefined },
  ...{ clearCache: undefined, warmCache: undefined },
  ...{ headers: {}, targets: {}, endpoints: [] },
};

function readFile(document: YamlMap): BenchFile {
  const content: BenchFile = {
    url: document.text("url", ADDRESS),
    iterations: document.number("iterations", NUMBERS.iterations),
    durationMs: readDuration(document, "duration"),
    warmUp: document.number("warm_up", NUMBERS.warm_up),
    concurrency: document.number("concurrency", NUMBERS.concurrency),
    blocks: document.number("blocks", NUMBERS.blocks),
    maxBlocks: document.number("max_blocks", NUMBERS.max_blocks),
    clearCache: document.text("clear_cache", COMMAND),
    warmCache: document.text("warm_cache", COMMAND),
    headers: document.texts("headers", HEADER_NAME),
    targets: readTargets(document.map("targets")),
    endpoints: document.items("endpoints", TARGET).flatMap(readEndpoint),
  };
  if (content.iterations !== undefined && content.durationMs !== undefined)
    document.problem("duration", "excludes iterations");
  document.end();
  return content;
}

function readEndpoint(item: string | YamlMap): FileEndpoint[] {
  if (typeof item === "string") return [{ ...splitTarget(item), ...WITHOUT_DETAILS }];
  const target = item.required("path", TARGET);
  const method = item.text("method", METHOD);
  const found = target === undefined ? undefined : splitTarget(target);
  if (found !== undefined && !METHODS.includes(found.method))
    item.problem("path", `expected a method of ${METHOD.expected}`);
  const endpoint = {
    name: item.text("name", ENDPOINT_NAME),
    headers: item.texts("headers", HEADER_NAME),
    body: item.text("body", BODY),
    status: item.number("status", { min: 100, max: 599, isInteger: true }),
    targets: readTargets(item.map("targets")),
  };
  item.end();
  return found === undefined ? [] : [{ ...endpoint, ...found, method: method ?? found.method }];
}

const WITHOUT_DETAILS = {
  ...{ name: undefined, headers: {}, body: undefined, status: undefined, targets: {} },
} as const;

/** Returns the method and the path of a target such as `POST /orders`. */
export function splitTarget(text: string): { readonly method: string; readonly path: string } {
  const space = text.indexOf(" ");
  if (space === -1) return { method: "GET", path: text };
  return { method: text.slice(0, space), path: text.slice(space + 1) };
}

/** Whether a text is a target with a known method. */
export function isTarget(text: string): boolean {
  return TARGET.pattern.test(text) && METHODS.includes(splitTarget(text).method);
}

export const TARGET_EXPECTED: string = TARGET.expected;

function readTargets(map: YamlMap | undefined): Targets {
  if (map === undefined) return {};
  const targets: Partial<Record<TargetFigure, Target>> = {};
  for (const figure of TARGET_FIGURES) {
    const target = map.has(figure) ? readTarget(map, figure) : undefined;
    if (target !== undefined) targets[figure] = target;
  }
  map.end();
  return targets;
}

function readTarget(map: YamlMap, figure: TargetFigure): Target | undefined {
  const { parse, expected } = VALUES[figure];
  const rule = (owner: YamlMap, key: string): number | undefined => {
    const text = owner.text(key, BODY);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined)
      owner.problem(key, `received ${JSON.stringify(text.slice(0, 60))}, expected ${expected}`);
    return value;
  };
  const both = map.hasMap(figure) ? map.map(figure) : undefined;
  if (both === undefined) {
    const good = rule(map, figure);
    return good === undefined ? undefined : { good, excellent: excellentOf(figure, good) };
  }
  const [excellent, good] = [rule(both, "excellent"), rule(both, "good")];
  both.end();
  if (good === undefined) {
    if (!both.has("good")) map.problem(figure, `expected good: ${expected}`);
    return undefined;
  }
  const limit = excellent ?? excellentOf(figure, good);
  const isOrdered = figure === "cache_ratio" ? limit >= good : limit <= good;
  if (!isOrdered) map.problem(figure, "expected excellent to be stricter than good");
  return { good, excellent: limit };
}

/** Half of the limit, or half as many misses. A share of errors within its limit is excellent. */
function excellentOf(figure: TargetFigure, good: number): number {
  if (figure === "errors") return good;
  return figure === "cache_ratio" ? 1 - (1 - good) / 2 : good / 2;
}

interface ValueForm {
  readonly parse: (text: string) => number | undefined;
  readonly expected: string;
}

const DURATION_VALUE: ValueForm = {
  parse: parseDuration,
  expected: "a duration such as 200ms or 1.5s",
};
const SHARE_VALUE: ValueForm = { parse: parseShare, expected: "a percentage such as 90%" };
const COUNT_VALUE: ValueForm = { parse: parseCount, expected: "a number of queries" };

const VALUES: Readonly<Record<TargetFigure, ValueForm>> = {
  ...{ mean: DURATION_VALUE, p50: DURATION_VALUE, p95: DURATION_VALUE, p99: DURATION_VALUE },
  ...{ max: DURATION_VALUE, query_time: DURATION_VALUE, queries: COUNT_VALUE },
  ...{ errors: SHARE_VALUE, cache_ratio: SHARE_VALUE },
};

function readDuration(map: YamlMap, key: string): number | undefined {
  const text = map.text(key, BODY);
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && ms === undefined)
    map.problem(key, `received ${JSON.stringify(text.slice(0, 60))}, expected 500ms to 1000s`);
  return ms;
}

/** @returns milliseconds; undefined for another text. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)(ms|s)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === "s" ? 1000 : 1);
}

/** @returns a share of 1; undefined for another text than a percentage. */
export function parseShare(text: string): number | undefined {
  const [, number] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  return number === undefined || Number(number) > 100 ? undefined : Number(number) / 100;
}

function parseCount(text: string): number | undefined {
  return /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
}
