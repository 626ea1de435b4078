import { qualityOf } from "../../quality-value.ts";
import { type Escaping, escapings } from "./escaping.ts";

export type TextFormat = "classic" | "openmetrics";

/** The form of the page that a scraper gets. */
export interface PageForm {
  readonly format: TextFormat;
  readonly escaping: Escaping;
  readonly contentType: string;
}

/** A media type that the page can have. */
interface Offer {
  readonly format: TextFormat;
  readonly type: string;
  readonly version: string;
}

/** In order of preference. Text 1.0.0 is text 0.0.4 with names in UTF-8. */
const offers: readonly Offer[] = [
  { format: "openmetrics", type: "application/openmetrics-text", version: "1.0.0" },
  { format: "openmetrics", type: "application/openmetrics-text", version: "0.0.1" },
  { format: "classic", type: "text/plain", version: "1.0.0" },
  { format: "classic", type: "text/plain", version: "0.0.4" },
];

/** What every scraper reads. */
const FALLBACK: Offer = offers[3]!;

/** The version of a media type without the parameter. */
const defaultVersions: Readonly<Record<TextFormat, string>> = {
  openmetrics: "1.0.0",
  classic: "0.0.4",
};

/** One media range of an `Accept` header. */
interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
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

function formOf({ format, type, version }: Offer, range: MediaRange | undefined): PageForm {
  const escaping = range?.escaping ?? "underscores";
  // Older scrapers compare the header as a whole.
  const parameter = range?.escaping === undefined ? "" : `; escaping=${escaping}`;
  const contentType = `${type}; version=${version}; charset=utf-8${parameter}`;
  return { format, escaping, contentType };
}

/** Returns the most specific range that includes an offer. */
function rangeOf(offer: Offer, ranges: readonly MediaRange[]): MediaRange | undefined {
  const isDefault = offer.version === defaultVersions[offer.format];
  const exact = ranges.filter(({ type }) => type === offer.type);
  return (
    mostAccepted(exact.filter(({ version }) => version === offer.version)) ??
    (isDefault ? mostAccepted(exact.filter(({ version }) => version === undefined)) : undefined) ??
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
    version: parameters.get("version"),
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
