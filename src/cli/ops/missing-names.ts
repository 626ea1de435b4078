import { formatMasked } from "../../config/mask.ts";
import { closest, suggest } from "../../config/suggest.ts";
import { selector } from "../../ops/prometheus/promql.ts";
import type { Lookup, Reference, SeriesScope } from "../../ops/references/reference.ts";
import { serviceMatchers } from "../../ops/slo/queries/query.ts";
import type { YamlPlace } from "../../yaml/yaml-map.ts";
import { type PrometheusApi, PrometheusError } from "../prometheus/prometheus-api.ts";
import type { Period } from "../report/period.ts";

/** A name in the options that nothing in Prometheus has. */
export interface MissingName extends YamlPlace {
  readonly received: string;
  /** What it should be: `a route`. */
  readonly expected: string;
  /** The most similar names that exist, at most three. */
  readonly nearest: readonly string[];
  /** One line, with all of it. */
  readonly message: string;
}

/** The time in which something has to be in Prometheus: longer than a weekend, or a week's job. */
const DAYS = 7;
const MAX_NEAREST = 3;
const MAX_EXAMPLES = 3;

/**
 * Asks Prometheus for the names in the options.
 *
 * @returns those that do not exist, in the order of the references.
 * @throws PrometheusError
 */
export async function findMissingNames(
  references: readonly Reference[],
  api: PrometheusApi,
  now: Date,
): Promise<readonly MissingName[]> {
  const names = new ExistingNames(api, { start: daysBefore(now), end: now });
  const missing: MissingName[] = [];
  for (const reference of references) {
    // Without one of its metrics, a query has no result.
    const isExplained =
      reference.lookup.kind === "query" && missing.some((name) => isAt(name, reference.place));
    const found = isExplained ? undefined : await names.missing(reference);
    if (found !== undefined) missing.push(found);
  }
  return missing;
}

function isAt(name: MissingName, { file, line, path }: YamlPlace): boolean {
  return name.file === file && name.line === line && name.path === path;
}

function daysBefore(now: Date): Date {
  return new Date(now.getTime() - DAYS * 86_400_000);
}

/** The names in Prometheus, each list of which is requested once. */
class ExistingNames {
  readonly #api: PrometheusApi;
  readonly #period: Period;
  readonly #lists = new Map<string, Promise<readonly string[]>>();

  constructor(api: PrometheusApi, period: Period) {
    this.#api = api;
    this.#period = period;
  }

  /** @returns undefined if the name exists. */
  async missing(reference: Reference): Promise<MissingName | undefined> {
    const { name, lookup } = reference;
    if (lookup.kind === "query") return this.#missingResult(reference, lookup.query);
    const known = await this.#known(lookup);
    if (lookup.kind === "matched") {
      if (known.length > 0) return undefined;
      const { label, series } = lookup;
      const all = await this.#known({ kind: "value", label, series: { ...series, matchers: [] } });
      return missingName(reference, [], hintOf([], all));
    }
    if (known.some((existing) => isSame(existing, name, lookup))) return undefined;
    const nearest = nearestOf(name, known, lookup);
    const mayBeMissing = lookup.kind === "value" && lookup.mayBeMissing === true;
    if (mayBeMissing && nearest.length === 0) return undefined;
    return missingName(reference, nearest, hintOf(nearest, known));
  }

  async #missingResult(reference: Reference, query: string): Promise<MissingName | undefined> {
    try {
      const count = await this.#api.count(query);
      return count > 0 ? undefined : missingName(reference, [], "");
    } catch (error) {
      if (!(error instanceof PrometheusError && error.isQueryRejected)) throw error;
      return missingName(reference, [], `: ${error.message}`);
    }
  }

  async #known(lookup: Exclude<Lookup, { readonly kind: "query" }>): Promise<readonly string[]> {
    switch (lookup.kind) {
      case "metric":
        return this.#values("__name__", undefined);
      case "service":
        return this.#services();
      case "label":
        return this.#labels(await this.#selectorOf(lookup.series));
      default:
        return this.#values(lookup.label, await this.#selectorOf(lookup.series));
    }
  }

  /** Names of services and their jobs, which may begin with a namespace. */
  async #services(): Promise<readonly string[]> {
    const jobs = await this.#values("job", undefined);
    return [...new Set(jobs.flatMap((job) => [job.slice(job.lastIndexOf("/") + 1), job]))];
  }

  /** Of a service that does not exist, the series of all others are looked at. */
  async #selectorOf({ metric, service, matchers = [] }: SeriesScope): Promise<string | undefined> {
    if (metric === undefined) return undefined;
    const isThere = service !== undefined && (await this.#services()).includes(service);
    return selector(metric, [...serviceMatchers(isThere ? service : undefined), ...matchers]);
  }

  #values(label: string, series: string | undefined): Promise<readonly string[]> {
    return this.#once(`${label} of ${series}`, () =>
      this.#api.valuesOf(label, series, this.#period),
    );
  }

  #labels(series: string | undefined): Promise<readonly string[]> {
    return this.#once(`labels of ${series}`, () => this.#api.labelsOf(series ?? "", this.#period));
  }

  #once(key: string, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const list = this.#lists.get(key) ?? ask();
    this.#lists.set(key, list);
    return list;
  }
}

/** Whole numbers are `1` or `1.0`, depending on the version of Prometheus and on the path of the metric. */
function isSame(existing: string, name: string, lookup: Lookup): boolean {
  return existing === name || (isBoundary(lookup) && Number(existing) === Number(name));
}

function isBoundary(lookup: Lookup): boolean {
  return lookup.kind === "value" && lookup.label === "le";
}

function nearestOf(name: string, known: readonly string[], lookup: Lookup): readonly string[] {
  if (isBoundary(lookup)) return nearestNumbers(Number(name), known);
  const nearest: string[] = [];
  for (let best = suggest(name, known); best !== undefined && nearest.length < MAX_NEAREST;) {
    nearest.push(best);
    const left = known.filter((one) => !nearest.includes(one));
    best = closest(name, left, Math.max(1, Math.floor(name.length / 3)));
  }
  return nearest;
}

function nearestNumbers(wanted: number, known: readonly string[]): readonly string[] {
  return [...new Set(known.map(Number))]
    .filter(Number.isFinite)
    .toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))
    .slice(0, MAX_NEAREST)
    .map(String);
}

function hintOf(nearest: readonly string[], known: readonly string[]): string {
  if (nearest.length > 0) return `, did you mean ${listOf(nearest, "or")}?`;
  if (known.length === 0) return "; there are none";
  const examples = known.slice(0, MAX_EXAMPLES);
  const others = known.length - examples.length;
  if (others === 0) return `; there are ${listOf(examples, "and")}`;
  return `; there are ${examples.map(formatMasked).join(", ")} and ${others} more`;
}

function listOf(names: readonly string[], word: "and" | "or"): string {
  const quoted = names.map(formatMasked);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} ${word} ${last}`;
}

function missingName(
  { place, what, name, lookup }: Reference,
  nearest: readonly string[],
  hint: string,
): MissingName {
  const time = lookup.kind === "query" ? "" : ` that Prometheus has had in the last ${DAYS} days`;
  const message = `${place.file}:${place.line}: ${place.path}: received ${formatMasked(name)}, expected ${what}${time}${hint}`;
  return { ...place, received: name, expected: what, nearest, message };
}
