import { NAME, type TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { boundaryProblem, nearestBoundary } from "../latency-boundary.ts";
import type { Indicator, Objective, ObjectiveDefaults, RequestSelection } from "../objective.ts";
import { readCounters } from "./counter-section.ts";
import { readDuration } from "./duration.ts";
import { type FoundObjective, withoutDuplicates } from "./found-objective.ts";
import { findObjectives, type ObjectiveFile, type ReadObjectives } from "./objective-files.ts";
import { LABEL, parsePeriod, PERCENT, PERIOD_EXPECTED } from "./text-rules.ts";

/** What the section needs from outside. */
export interface SloSectionSources {
  /** Of the buckets of `http.server.request.duration`, in seconds. */
  readonly boundaries: readonly number[];
  /** Returns the text of a file that the section names, or throws. */
  readonly readFile: (file: string) => string;
}

/** One failure of fewer events is more than 5%. */
const DEFAULT_MIN_EVENTS = 20;

/** The values of what the section leaves out. */
export const sectionDefaults: ObjectiveDefaults = {
  minEvents: DEFAULT_MIN_EVENTS,
  periodDays: 30,
};

/** Returns the objectives without a section: availability and latency of all services. */
export function defaultObjectives(boundaries: readonly number[]): readonly Objective[] {
  const selection: RequestSelection = { routes: [], byRoute: false };
  const shared = { service: "all", ...sectionDefaults };
  const threshold = nearestBoundary(0.5, boundaries);
  return [
    {
      ...{ ...shared, name: "requests-availability", percent: 99.9 },
      indicator: { kind: "availability", selection },
    },
    ...(threshold === undefined
      ? []
      : [
          {
            ...{ ...shared, name: "requests-latency", percent: 99 },
            indicator: { kind: "latency", selection, thresholdSeconds: threshold } as const,
          },
        ]),
  ];
}

/**
 * Reads the section `slo` of `telltale.ops.yaml`. Never throws.
 *
 * @returns the objectives, and what is wrong with the files that the section names. What is
 *   wrong in the section itself is reported by its map.
 */
export function readSloSection(
  section: YamlMap,
  sources: SloSectionSources,
  outerDefaults: ObjectiveDefaults = sectionDefaults,
): ReadObjectives {
  const defaults = readDefaults(section, outerDefaults);
  const files = readFiles(section, sources);
  const { found, problems } = findObjectives(files, defaults);
  const own = section
    .maps("objectives")
    .flatMap((map) => readObjective(map, defaults, sources.boundaries) ?? []);
  section.end();
  if (!section.has("from") && !section.has("objectives"))
    section.problem("objectives", "is missing, expected objectives or from");
  const all = [...found, ...own];
  return { objectives: withoutDuplicates(all), found: all, problems };
}

function readDefaults(map: YamlMap, defaults: ObjectiveDefaults): ObjectiveDefaults {
  const period = map.text("period", PERIOD);
  const minEvents = map.number("min_events", { min: 1, max: 1_000_000, isInteger: true });
  return {
    minEvents: minEvents ?? defaults.minEvents,
    periodDays: parsePeriod(period ?? "") ?? defaults.periodDays,
  };
}

const PERIOD: TextRule = { pattern: /^(?:30d|28d|4w)$/, expected: PERIOD_EXPECTED };
const FILE: TextRule = { pattern: /^[^\p{C}]{1,500}$/u, expected: "a path of a file" };

function readFiles(section: YamlMap, { readFile }: SloSectionSources): readonly ObjectiveFile[] {
  return section.list("from", FILE).flatMap((name) => {
    try {
      return [{ name, text: readFile(name) }];
    } catch (error) {
      section.problem("from", `${name} can't be read (${String(error)})`);
      return [];
    }
  });
}

function readObjective(
  map: YamlMap,
  defaults: ObjectiveDefaults,
  boundaries: readonly number[],
): FoundObjective | undefined {
  const name = map.required("name", NAME);
  const service = map.text("service", SERVICE);
  const percent = map.required("objective", PERCENT);
  const labels = map.texts("labels", LABEL);
  const own = readDefaults(map, defaults);
  const indicator = readIndicator(map, service, boundaries);
  map.end();
  if (name === undefined || percent === undefined || indicator === undefined) return undefined;
  const objective: Objective = {
    ...{ ...own, name, service: service ?? "all", percent: Number(percent), indicator },
    ...(Object.keys(labels).length > 0 && { labels }),
  };
  return { objective, map };
}

const SERVICE: TextRule = {
  pattern: /^[A-Za-z\d][\w./-]{0,99}$/,
  expected: "at most 100 letters, digits, and _ . - /",
};

type Reader = (
  map: YamlMap,
  service: string | undefined,
  boundaries: readonly number[],
) => Indicator | undefined;

const readers: Readonly<Record<string, Reader>> = {
  availability: (map, service) => ({
    kind: "availability",
    selection: readSelection(map, service),
  }),
  latency: readLatency,
  freshness: readFreshness,
  ratio: (map, service) => readCounters(map, service),
};

const kinds: readonly string[] = Object.keys(readers);

function readIndicator(
  map: YamlMap,
  service: string | undefined,
  boundaries: readonly number[],
): Indicator | undefined {
  const present = kinds.filter((kind) => map.keys.includes(kind));
  const maps = present.map((kind) => map.mapOrEmpty(kind));
  const [[kind = "availability", second], [own]] = [present, maps];
  if (own === undefined || second !== undefined) {
    const problem = second === undefined ? "is missing, expected" : `${kind} excludes it, expected`;
    map.problem(second ?? kind, `${problem} one of ${kinds.join(", ")}`);
    return undefined;
  }
  const indicator = readers[kind]?.(own, service, boundaries);
  own.end();
  return indicator;
}

/** Without control characters and line ends. */
const ROUTE: TextRule = {
  pattern: /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u,
  expected: "a route such as /orders/:id, of at most 200 characters",
};

function readSelection(map: YamlMap, service: string | undefined): RequestSelection {
  const routes = [...new Set(map.list("routes", ROUTE))].toSorted();
  const byRoute = map.flag("by_route");
  if (byRoute && routes.length > 0) map.problem("by_route", "routes exclude it");
  return { ...(service !== undefined && { service }), routes, byRoute };
}

function readLatency(
  map: YamlMap,
  service: string | undefined,
  boundaries: readonly number[],
): Indicator | undefined {
  const selection = readSelection(map, service);
  const thresholdSeconds = readDuration(map, "threshold");
  if (thresholdSeconds === undefined) return undefined;
  const problem = boundaryProblem(thresholdSeconds, boundaries);
  if (problem === undefined) return { kind: "latency", selection, thresholdSeconds };
  map.problem("threshold", problem);
  return undefined;
}

/** Without control characters. */
const SUBJECT: TextRule = {
  pattern: /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u,
  expected: "a name of at most 200 characters",
};

/** Each minute is good or not. */
const MIN_AGE_SECONDS = 60;
const MAX_AGE_SECONDS = 27 * 86_400;

function readFreshness(map: YamlMap, service: string | undefined): Indicator | undefined {
  const [job, queue] = [map.text("job", SUBJECT), map.text("queue", SUBJECT)];
  if (map.has("job") === map.has("queue")) map.problem("job", "expected either job or queue");
  const maxAgeSeconds = readDuration(map, "within");
  if (maxAgeSeconds === undefined) return undefined;
  const isValid = Number.isInteger(maxAgeSeconds) && maxAgeSeconds <= MAX_AGE_SECONDS;
  if (!isValid || maxAgeSeconds < MIN_AGE_SECONDS) {
    map.problem("within", "expected a duration from 1m to 27d, in whole seconds");
    return undefined;
  }
  const shared = { ...(service !== undefined && { service }), maxAgeSeconds };
  if (queue !== undefined) return { kind: "queue", queue, ...shared };
  return job === undefined ? undefined : { kind: "job", job, ...shared };
}
