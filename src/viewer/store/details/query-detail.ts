import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { parametersOf, placeOf } from "../../../queries/call.ts";
import { fingerprint } from "../../../queries/fingerprint.ts";
import { truncate } from "../../../text.ts";
import type { QueryDetail, SourcePlace } from "../../model.ts";
import { textOf } from "../units/service.ts";
import { numberOf, type SpanFacts, systemOf } from "../units/span-facts.ts";
import { callOf } from "../units/repeated-calls.ts";
import { placeIn } from "./stack-frames.ts";

const MAX_TEXT = 100_000;
const MAX_PARAMETERS = 500;
const MAX_PARAMETER = 2000;

/** Returns the query of a span; undefined if it is none. */
export function queryOf(facts: SpanFacts): QueryDetail | undefined {
  const { attributes, purpose, name, spanId } = facts;
  const system = systemOf(attributes);
  if (system === undefined || purpose === "work" || purpose === "call") return undefined;
  const operation = textOf(attributes["db.operation.name"] ?? attributes["db.operation"]);
  const target = textOf(attributes["db.collection.name"] ?? attributes["db.namespace"]);
  const full = attributes["db.query.text"] ?? attributes["db.statement"];
  const text = truncate(
    typeof full === "string" && full !== "" ? full : (operation ?? name),
    MAX_TEXT,
  );
  const call = callOf(facts, spanId);
  const parameters = shownParameters(attributes);
  const rows = numberOf(attributes["db.response.returned_rows"]);
  return {
    ...{ system, text, fingerprint: call === undefined ? text : fingerprint(call).text },
    ...(parameters !== undefined && { parameters }),
    ...(rows !== undefined && { rows }),
    ...(operation !== undefined && { operation }),
    ...(target !== undefined && { target }),
  };
}

function shownParameters(attributes: OtlpAttributes): QueryDetail["parameters"] {
  return parametersOf(attributes)
    ?.slice(0, MAX_PARAMETERS)
    .map(({ key, value }) => ({ key, value: truncate(value, MAX_PARAMETER) }));
}

/** Returns the call site of a span. */
export function placeOfSpan(
  attributes: OtlpAttributes,
  projectFolder: string,
): SourcePlace | undefined {
  const place = placeOf(attributes);
  return place && { ...place, ...placeIn(place.file, place.line, projectFolder) };
}
