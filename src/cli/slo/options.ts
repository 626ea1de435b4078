import { dirname, resolve } from "node:path";
import { quote } from "../../config/mask.ts";
import type { ObjectiveFile } from "../../ops/slo/files/objective-files.ts";
import { readObjectiveSources } from "../../ops/slo/files/objective-sources.ts";
import { parsePeriod, PERIOD_EXPECTED } from "../../ops/slo/files/text-rules.ts";
import { boundaryProblem } from "../../ops/slo/latency-boundary.ts";
import type { Objective, ObjectiveDefaults, RequestSelection } from "../../ops/slo/objective.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";

/** The options of `telltale slo`. */
const optionKinds = {
  objective: "text",
  latency: "text",
  "latency-objective": "text",
  name: "text",
  service: "text",
  route: "texts",
  "by-route": "flag",
  "min-events": "text",
  period: "text",
  from: "texts",
  out: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

export interface SloOptions {
  readonly objectives: readonly Objective[];
  /** Undefined: stdout. */
  readonly file: string | undefined;
}

export interface ParsedSloOptions {
  /** Undefined if there are problems. */
  readonly options: SloOptions | undefined;
  /** All that is wrong, one line each. */
  readonly problems: readonly string[];
  readonly flags: ReadonlySet<string>;
}

const DEFAULT_NAME = "requests";
/** One failure of fewer requests is more than 5%. */
const DEFAULT_MIN_EVENTS = 20;
const DEFAULT_PERIOD_DAYS = 30;
const MAX_MIN_EVENTS = 1_000_000;

const LOWEST_OBJECTIVE = 90;
const HIGHEST_OBJECTIVE = 99.999;
const PERCENTAGE = /^(\d{1,3}(?:\.\d{1,3})?)%?$/;
const DURATION = /^(\d{1,6}(?:\.\d{1,6})?)(ms|s)$/;
const NAME = /^[A-Za-z\d][\w.-]{0,62}$/;
const SERVICE = /^[A-Za-z\d][\w./-]{0,99}$/;
/** Without control characters and line ends. */
const ROUTE = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/**
 * Parses the options of `telltale slo`. Never throws.
 *
 * @param boundaries of the buckets of `http.server.request.duration`, in seconds.
 * @param readFile returns the text of a file, or throws.
 */
export function parseSloOptions(
  args: readonly string[],
  boundaries: readonly number[],
  readFile: (file: string) => string,
): ParsedSloOptions {
  const parsed = parseArguments(args, optionKinds);
  const reader = new SloOptionReader(parsed);
  const minEvents =
    reader.read("min-events", MIN_EVENTS_EXPECTED, parseCount) ?? DEFAULT_MIN_EVENTS;
  const periodDays = reader.read("period", PERIOD_EXPECTED, parsePeriod) ?? DEFAULT_PERIOD_DAYS;
  const defaults = { minEvents, periodDays };
  const file = reader.read("out", "a path of a file", (text) => text || undefined);
  const from = reader.readAll("from", "a path of a file", (text) => text || undefined);
  const objectives =
    from.length === 0
      ? readObjectives(reader, parsed, { boundaries, defaults })
      : readFromFiles(reader, parsed, { from, boundaries, defaults, readFile });
  const { problems } = reader;
  const options = problems.length === 0 ? { objectives, file } : undefined;
  return { options, problems, flags: parsed.flags };
}

/** Options whose place a file takes. */
const LINE_OPTIONS: readonly string[] = [
  ...["objective", "latency", "latency-objective", "name", "service", "route", "by-route"],
];

function readFromFiles(
  reader: SloOptionReader,
  { texts, flags }: CommandArguments,
  { from, boundaries, defaults, readFile }: FileSource,
): readonly Objective[] {
  const excluded = LINE_OPTIONS.filter((option) => texts.has(option) || flags.has(option));
  for (const option of excluded) reader.problems.push(`--from and --${option} exclude each other`);
  const files = from.flatMap((name): ObjectiveFile | [] => {
    try {
      return { name, text: readFile(name) };
    } catch (error) {
      reader.problems.push(`--from: the file can't be read (${String(error)})`);
      return [];
    }
  });
  // Files that a section names are beside its own.
  const [first = ""] = from;
  const readNamed = (file: string): string => readFile(resolve(dirname(first), file));
  const sources = { boundaries, readFile: readNamed };
  const { objectives, problems } = readObjectiveSources(files, sources, defaults);
  reader.problems.push(...problems);
  return objectives;
}

interface FileSource extends LineSource {
  readonly from: readonly string[];
  readonly readFile: (file: string) => string;
}

interface LineSource {
  readonly boundaries: readonly number[];
  readonly defaults: ObjectiveDefaults;
}

function readObjectives(
  reader: SloOptionReader,
  { texts, flags }: CommandArguments,
  { boundaries, defaults }: LineSource,
): readonly Objective[] {
  const percent = reader.read("objective", PERCENT_EXPECTED, parsePercent);
  if (!texts.has("objective")) reader.problems.push("--objective is missing, such as 99.9");
  const latency = readLatency(reader, boundaries);
  const latencyPercent = reader.read("latency-objective", PERCENT_EXPECTED, parsePercent);
  if (texts.has("latency-objective") && !texts.has("latency"))
    reader.problems.push("--latency-objective needs --latency");
  const name = reader.read("name", NAME_EXPECTED, matching(NAME)) ?? DEFAULT_NAME;
  const selection = readSelection(reader, flags);
  if (percent === undefined) return [];
  const shared = { service: selection.service ?? "all", ...defaults, percent };
  const availability: Objective = {
    ...{ ...shared, name: `${name}-availability` },
    indicator: { kind: "availability", selection },
  };
  if (latency === undefined) return [availability];
  return [
    availability,
    {
      ...{ ...shared, name: `${name}-latency`, percent: latencyPercent ?? percent },
      indicator: { kind: "latency", selection, thresholdSeconds: latency },
    },
  ];
}

const PERCENT_EXPECTED = `a percentage from ${LOWEST_OBJECTIVE} to ${HIGHEST_OBJECTIVE}, such as 99.9`;
const NAME_EXPECTED = "at most 63 letters, digits, and _ . -";
const SERVICE_EXPECTED = "at most 100 letters, digits, and _ . - /";
const ROUTE_EXPECTED = "a route such as /orders/:id, of at most 200 characters";
const MIN_EVENTS_EXPECTED = `an integer from 1 to ${MAX_MIN_EVENTS}`;

/** Reads options, and collects what is wrong. */
class SloOptionReader {
  /** One line each. */
  readonly problems: string[];
  readonly #args: CommandArguments;

  constructor(args: CommandArguments) {
    this.problems = [...args.problems];
    this.#args = args;
  }

  /** Parses the last text of an option, and reports an invalid one. */
  read<T>(option: string, expected: string, parse: (text: string) => T | undefined): T | undefined {
    return this.readAll(option, expected, parse).at(-1);
  }

  /** Parses all texts of an option. */
  readAll<T>(option: string, expected: string, parse: (text: string) => T | undefined): T[] {
    return (this.#args.texts.get(option) ?? []).flatMap((text) => {
      const value = parse(text);
      if (value !== undefined) return [value];
      this.problems.push(`--${option}: received ${quote(text)}, expected ${expected}`);
      return [];
    });
  }
}

function readLatency(reader: SloOptionReader, boundaries: readonly number[]): number | undefined {
  const seconds = reader.read("latency", "a duration such as 250ms or 2.5s", parseSeconds);
  const problem = seconds === undefined ? undefined : boundaryProblem(seconds, boundaries);
  if (problem === undefined) return seconds;
  reader.problems.push(`--latency: ${problem}`);
  return undefined;
}

function readSelection(reader: SloOptionReader, flags: ReadonlySet<string>): RequestSelection {
  const service = reader.read("service", SERVICE_EXPECTED, matching(SERVICE));
  const routes = [...new Set(reader.readAll("route", ROUTE_EXPECTED, matching(ROUTE)))].toSorted();
  const byRoute = flags.has("by-route");
  if (byRoute && routes.length > 0)
    reader.problems.push("--route and --by-route exclude each other");
  return { ...(service !== undefined && { service }), routes, byRoute };
}

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

function parsePercent(text: string): number | undefined {
  const percent = Number(PERCENTAGE.exec(text)?.[1] ?? Number.NaN);
  return percent >= LOWEST_OBJECTIVE && percent <= HIGHEST_OBJECTIVE ? percent : undefined;
}

function parseSeconds(text: string): number | undefined {
  const [, number = "", unit] = DURATION.exec(text) ?? [];
  const seconds = unit === "ms" ? Number((Number(number) / 1000).toPrecision(12)) : Number(number);
  return seconds > 0 ? seconds : undefined;
}

function parseCount(text: string): number | undefined {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= MAX_MIN_EVENTS ? count : undefined;
}
