import { quote } from "../../config/mask.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import {
  type BenchFile,
  EMPTY_FILE,
  HEADER_NAME,
  NUMBERS,
  parseBenchFile,
  parseDuration,
  parseShare,
} from "./bench-file.ts";
import type { Endpoint } from "./endpoint.ts";
import { chooseEndpoints } from "./endpoint-choice.ts";
import type { LoadAmount } from "./load.ts";
import { MIN_BLOCKS } from "./comparison/comparison.ts";
import type { MeasuredSettings } from "./result.ts";

const optionKinds = {
  ...({ config: "text", url: "text", header: "texts", body: "text" } as const),
  ...({ iterations: "text", duration: "text", blocks: "text", "max-blocks": "text" } as const),
  ...({ "warm-up": "text", concurrency: "text", timeout: "text" } as const),
  ...({ "warm-cache": "flag", "clear-cache": "flag" } as const),
  ...({
    save: "flag",
    compare: "text",
    against: "text",
    tolerance: "text",
    baselines: "text",
  } as const),
  ...({ out: "texts", verbose: "flag", json: "flag", help: "flag" } as const),
} as const satisfies OptionKinds;

export const DEFAULT_FILE = "telltale.bench.yaml";

/** The options of `telltale bench`. */
export interface BenchOptions {
  readonly endpoints: readonly Endpoint[];
  /** The command that starts the app; empty: the app runs. */
  readonly command: readonly string[];
  /** How much is sent to an endpoint in one block. */
  readonly amounts: readonly LoadAmount[];
  /** The number of blocks, at most: more than `amounts` has, while a comparison is unclear. */
  readonly maxBlocks: number;
  /** Requests of each endpoint before the first block. */
  readonly warmUp: number;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  /** How caches are emptied before each block: a command of the shell, or a request. */
  readonly clearCache: string | undefined;
  /** Whether caches are filled before each block, and how; undefined: by the endpoint itself. */
  readonly warmsCache: boolean;
  readonly warmCache: string | undefined;
  readonly baseUrl: string | undefined;
  readonly save: boolean;
  /** A baseline: a commit, a branch, a file, or `latest`. */
  readonly compare: string | undefined;
  /** The app to compare with in the same run: a folder with a checkout, or an address. */
  readonly against: string | undefined;
  /** A share of 1. */
  readonly tolerance: number;
  /** The folder of the baselines; undefined: that of the project. */
  readonly baselines: string | undefined;
  readonly files: readonly string[];
  readonly isVerbose: boolean;
}

/** Returns the settings that a baseline must have had, too. */
export function settingsOf(options: BenchOptions): MeasuredSettings {
  const { concurrency, clearCache, warmsCache } = options;
  return { concurrency, clearsCache: clearCache !== undefined, warmsCache };
}

export interface ParsedBenchOptions {
  /** Undefined if there are problems. */
  readonly options: BenchOptions | undefined;
  /** All that is wrong, one line each. */
  readonly problems: readonly string[];
  readonly flags: ReadonlySet<string>;
}

export interface BenchSources {
  /** Returns the text of a file, or throws. */
  readonly readFile: (file: string) => string;
  /** For `${NAME}` in headers and bodies. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

const DEFAULTS = { iterations: 500, warmUp: 50, concurrency: 1, blocks: 10, timeoutSeconds: 10 };
const DEFAULT_TOLERANCE = 0.1;
/** How many times more blocks there may be than at first. */
const DEFAULT_EXTENSION = 4;
const MAX_TARGETS = 1000;

/** Parses the arguments of `telltale bench`, and its file. Never throws. */
export function parseBenchOptions(
  args: readonly string[],
  sources: BenchSources,
): ParsedBenchOptions {
  const end = args.indexOf("--");
  const own = withBaseline(end === -1 ? args : args.slice(0, end));
  const parsed = parseArguments(own, optionKinds, "targets", MAX_TARGETS);
  const { flags } = parsed;
  if (flags.has("help")) return { options: undefined, problems: [], flags };
  const reader = new BenchOptionReader(parsed);
  const command = end === -1 ? [] : args.slice(end + 1);
  if (end !== -1 && command.length === 0) reader.problems.push("-- is not followed by a command");
  const file = readFile(reader, sources);
  const options = readOptions(reader, { file, command, variables: sources.variables });
  const { problems } = reader;
  return { options: problems.length === 0 ? options : undefined, problems, flags };
}

/** A target is no baseline: `telltale bench --compare /orders` compares with the latest one. */
function withBaseline(args: readonly string[]): string[] {
  return args.map((argument, at) => {
    const next = args[at + 1];
    const hasValue = next !== undefined && !/^(?:-|\/|https?:)|^[A-Z]+ \//.test(next);
    return argument === "--compare" && !hasValue ? "--compare=latest" : argument;
  });
}

/** Reads options, and collects what is wrong. */
class BenchOptionReader {
  /** One line each. */
  readonly problems: string[];
  readonly args: CommandArguments;

  constructor(args: CommandArguments) {
    this.problems = [...args.problems];
    this.args = args;
  }

  /** Returns the last text of an option. */
  text(option: keyof typeof optionKinds): string | undefined {
    return this.args.texts.get(option)?.at(-1);
  }

  /** Parses the last text of an option, and reports an invalid one. */
  read<T>(
    option: keyof typeof optionKinds,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T | undefined {
    const text = this.text(option);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined)
      this.problems.push(`--${option}: received ${quote(text)}, expected ${expected}`);
    return value;
  }

  /** Parses an integer. */
  integer(
    option: keyof typeof optionKinds,
    { min, max }: { readonly min: number; readonly max: number },
  ): number | undefined {
    return this.read(option, `an integer from ${min} to ${max}`, (text) => {
      const number = Number(text);
      return /^\d{1,9}$/.test(text) && number >= min && number <= max ? number : undefined;
    });
  }
}

function readFile(reader: BenchOptionReader, { readFile: read }: BenchSources): BenchFile {
  const name = reader.text("config");
  const file = name ?? DEFAULT_FILE;
  try {
    const { content, problems } = parseBenchFile(file, read(file));
    reader.problems.push(...problems);
    return content;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (name === undefined && code === "ENOENT") return EMPTY_FILE;
    const reason = code === "ENOENT" ? "there is no such file" : String(code ?? error);
    reader.problems.push(
      `${name === undefined ? "" : "--config: "}${file} can't be read: ${reason}`,
    );
    return EMPTY_FILE;
  }
}

interface OtherSources {
  readonly file: BenchFile;
  readonly command: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
}

function readOptions(reader: BenchOptionReader, sources: OtherSources): BenchOptions {
  const { file, command, variables } = sources;
  const { flags, positionals, texts } = reader.args;
  const url = reader.read("url", "an address such as http://localhost:3000", parseAddress);
  const baseUrl = url ?? file.url;
  const concurrency =
    reader.integer("concurrency", NUMBERS.concurrency) ?? file.concurrency ?? DEFAULTS.concurrency;
  const headers = readHeaders(reader);
  const body = reader.text("body");
  const choice = { targets: positionals, file, baseUrl, headers, body, variables };
  const endpoints = chooseEndpoints(choice, reader.problems);
  const amounts = readAmounts(reader, file, concurrency);
  return {
    ...{ endpoints, command, baseUrl, concurrency, amounts },
    maxBlocks: readMaxBlocks(reader, file, amounts.length),
    warmUp: reader.integer("warm-up", NUMBERS.warm_up) ?? file.warmUp ?? DEFAULTS.warmUp,
    timeoutSeconds: reader.integer("timeout", { min: 1, max: 600 }) ?? DEFAULTS.timeoutSeconds,
    clearCache: readClearCache(reader, file),
    ...{ warmsCache: flags.has("warm-cache"), warmCache: file.warmCache },
    ...{ save: flags.has("save"), compare: reader.text("compare") },
    against: readAgainst(reader, endpoints, command),
    tolerance: reader.read("tolerance", TOLERANCE_EXPECTED, parseTolerance) ?? DEFAULT_TOLERANCE,
    baselines: reader.text("baselines"),
    files: readFiles(reader, texts.get("out") ?? []),
    isVerbose: flags.has("verbose"),
  };
}

const TOLERANCE_EXPECTED = "a percentage from 1% to 100%, such as 10%";

function parseTolerance(text: string): number | undefined {
  const share = parseShare(text);
  return share !== undefined && share >= 0.01 ? share : undefined;
}

function parseAddress(text: string): string | undefined {
  return /^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined;
}

function readHeaders(reader: BenchOptionReader): Record<string, string> {
  const pairs = (reader.args.texts.get("header") ?? []).flatMap((text) => {
    const colon = text.indexOf(":");
    const [name, value] = [text.slice(0, colon), text.slice(colon + 1).trim()];
    if (colon > 0 && HEADER_NAME.pattern.test(name)) return [[name, value] as const];
    // The text may be a secret.
    reader.problems.push('--header: expected a name and a value, such as "accept: text/html"');
    return [];
  });
  return Object.fromEntries(pairs);
}

function readClearCache(reader: BenchOptionReader, file: BenchFile): string | undefined {
  if (!reader.args.flags.has("clear-cache")) return undefined;
  if (file.clearCache === undefined)
    reader.problems.push(
      `--clear-cache: only the app knows its caches; expected clear_cache in ${DEFAULT_FILE}, ` +
        "a command such as redis-cli flushdb, or a request such as DELETE /cache",
    );
  return file.clearCache;
}

/** Returns the amount of each block. */
function readAmounts(
  reader: BenchOptionReader,
  file: BenchFile,
  concurrency: number,
): readonly LoadAmount[] {
  const iterations = reader.integer("iterations", NUMBERS.iterations);
  const durationMs = reader.read("duration", DURATION_EXPECTED, parseLoadDuration);
  if (reader.text("iterations") !== undefined && reader.text("duration") !== undefined)
    reader.problems.push("--iterations and --duration exclude each other");
  const blocks = reader.integer("blocks", NUMBERS.blocks) ?? file.blocks ?? DEFAULTS.blocks;
  const ms = durationMs ?? (iterations === undefined ? file.durationMs : undefined);
  const isCompared = comparesOrSaves(reader);
  if (isCompared && blocks < MIN_BLOCKS)
    reader.problems.push(
      `--save, --compare and --against need ${MIN_BLOCKS} blocks; received ${blocks}`,
    );
  if (ms !== undefined) return Array.from({ length: blocks }, () => ({ ms: ms / blocks }));
  const total = iterations ?? file.iterations ?? DEFAULTS.iterations;
  const least = concurrency * (isCompared ? blocks : 1);
  const place = isCompared ? " in each block" : "";
  if (total < least)
    reader.problems.push(
      `${total} iterations are too few: expected ${least} or more, one for each connection${place}`,
    );
  return splitEvenly(total, Math.max(1, Math.min(blocks, Math.floor(total / concurrency))));
}

function comparesOrSaves({ args }: BenchOptionReader): boolean {
  return args.flags.has("save") || args.texts.has("compare") || args.texts.has("against");
}

/** @param blocks those that are measured in any case. */
function readMaxBlocks(reader: BenchOptionReader, file: BenchFile, blocks: number): number {
  const max = reader.integer("max-blocks", NUMBERS.max_blocks) ?? file.maxBlocks;
  if (max !== undefined && max < blocks)
    reader.problems.push(`--max-blocks: received ${max}, expected at least the ${blocks} blocks`);
  return comparesOrSaves(reader) ? (max ?? blocks * DEFAULT_EXTENSION) : blocks;
}

function readAgainst(
  reader: BenchOptionReader,
  endpoints: readonly Endpoint[],
  command: readonly string[],
): string | undefined {
  const against = reader.text("against");
  if (against === undefined) return undefined;
  if (reader.args.texts.has("compare"))
    reader.problems.push("--against and --compare exclude each other");
  const isAddress = /^https?:/.test(against);
  if (isAddress ? parseAddress(against) === undefined : command.length === 0)
    reader.problems.push(
      `--against: received ${quote(against)}, expected a folder and -- COMMAND, which starts the app of it, or an address such as http://localhost:3001`,
    );
  const hosts = new Set(endpoints.map(({ url }) => new URL(url).host));
  if (hosts.size > 1)
    reader.problems.push(
      `--against: expected targets of one app, received those of ${[...hosts].join(", ")}`,
    );
  return against;
}

function splitEvenly(total: number, blocks: number): LoadAmount[] {
  return Array.from({ length: blocks }, (_, at) => ({
    requests: Math.floor(total / blocks) + (at < total % blocks ? 1 : 0),
  }));
}

const DURATION_EXPECTED = "a duration from 500ms to 3600s, such as 10s";

function parseLoadDuration(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 500 && ms <= 3_600_000 ? ms : undefined;
}

function readFiles(reader: BenchOptionReader, files: readonly string[]): readonly string[] {
  for (const file of files)
    if (!/\.(?:md|json|html)$/.test(file))
      reader.problems.push(`--out: received ${quote(file)}, expected a file .md, .json or .html`);
  return files;
}
