import { qualityOf } from "../../quality-value.ts";
import { type Escaping, escapings } from "./escaping.ts";

export type TextFormat = "classic" | "openmetrics";
export type PageFormat = TextFormat | "protobuf";

/** The form of the page that a scraper gets. */
export interface PageForm {
  readonly format: PageFormat;
  readonly escaping: Escaping;
  readonly contentType: string;
}

/** A media type that the page can have. */
interface Offer {
  readonly format: PageFormat;
  readonly type: string;
  /** The parameters by which a media range selects it. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether a media range without these parameters selects it, too. */
  readonly isDefault: boolean;
}

/** In order of preference. Text 1.0.0 is text 0.0.4 with names in UTF-8. */
const offers: readonly Offer[] = [
  openMetrics("1.0.0", true),
  openMetrics("0.0.1", false),
  {
    format: "protobuf",
    type: "application/vnd.google.protobuf",
    parameters: { proto: "io.prometheus.client.MetricFamily", encoding: "delimited" },
    isDefault: false,
  },
  plainText("1.0.0", false),
  plainText("0.0.4", true),
];

/** What every scraper reads. */
const FALLBACK: Offer = offers[4]!;

function openMetrics(version: string, isDefault: boolean): Offer {
  const type = "application/openmetrics-text";
  return { format: "openmetrics", type, parameters: { version }, isDefault };
}

function plainText(version: string, isDefault: boolean): Offer {
  return { format: "classic", type: "text/plain", parameters: { version }, isDefault };
}

/** One media range of an `Accept` header. */
interface MediaRange {
  readonly type: string;
  /** In lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly escaping: Escaping | undefined;
  readonly quality: number;
}

/**
 * Selects the format, its version and the escaping of names by an `Accept` header.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * https://prometheus.io/docs/instrumenting/content_negotiation/
 */
export function negotiate(accept: string | undefined): PageForm {
  const ranges = (accept ?? "").split(",").map(parseRange);
  let best: readonly [Offer, MediaRange | undefined] = [FALLBACK, undefined];
  let quality = 0;
  for (const offer of offers) {
    const range = rangeOf(offer, ranges);
    if (range === undefined || range.quality <= quality) continue;
    best = [offer, range];
    quality = range.quality;
  }
  return formOf(...best);
}

function formOf({ format, type, parameters }: Offer, range: MediaRange | undefined): PageForm {
  const escaping = range?.escaping ?? "underscores";
  const all = {
    ...parameters,
    ...(format !== "protobuf" && { charset: "utf-8" }),
    // Older scrapers compare the header as a whole.
    ...(range?.escaping !== undefined && { escaping }),
  };
  const texts = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  return { format, escaping, contentType: [type, ...texts].join("; ") };
}

/** Returns the most specific range that includes an offer. */
function rangeOf(offer: Offer, ranges: readonly MediaRange[]): MediaRange | undefined {
  const { type, isDefault } = offer;
  const parameters = Object.entries(offer.parameters);
  const ofType = ranges.filter((range) => range.type === type);
  const exact = ofType.filter((range) =>
    parameters.every(([name, value]) => range.parameters.get(name) === value.toLowerCase()),
  );
  const general = ofType.filter((range) =>
    parameters.every(([name]) => !range.parameters.has(name)),
  );
  return (
    mostAccepted(exact) ??
    (isDefault ? mostAccepted(general) : undefined) ??
    (isDefault ? rangeOfTypes(offer, ranges) : undefined)
  );
}

/** Returns the range of all subtypes. A client that accepts anything gets the fallback. */
function rangeOfTypes(offer: Offer, ranges: readonly MediaRange[]): MediaRange | undefined {
  const subtypes = `${offer.type.split("/", 1)[0]}/*`;
  const named = mostAccepted(ranges.filter(({ type }) => type === subtypes));
  if (named !== undefined || offer !== FALLBACK) return named;
  return mostAccepted(ranges.filter(({ type }) => type === "*/*"));
}

function mostAccepted(ranges: readonly MediaRange[]): MediaRange | undefined {
  return ranges.toSorted((a, b) => b.quality - a.quality)[0];
}

function parseRange(text: string): MediaRange {
  const [type = "", ...pairs] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameters = new Map(pairs.map(parseParameter));
  const escaping = parameters.get("escaping");
  return {
    type,
    parameters,
    escaping:
      escaping === undefined
        ? undefined
        : (escapings.find((known) => known === escaping) ?? "underscores"),
    quality: qualityOf(parameters.get("q")),
  };
}

function parseParameter(text: string): [name: string, value: string] {
  const [name = "", value = ""] = text.split("=", 2);
  return [name.trim(), value.trim().replace(/^"|"$/g, "")];
}
