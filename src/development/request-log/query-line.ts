import type { WatchedUnit } from "../../context/unit-views.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { StyleText } from "../../diagnostics/terminal-style.ts";
import { type Call, parametersOf, type SpanLike } from "../../queries/call.ts";
import { counted, durationText, placeText, statementText } from "./call-text.ts";
import { nameOfUnit } from "./unit-lines.ts";

/** A longer statement is truncated. */
const MAX_STATEMENT = 2000;
const MAX_PARAMETERS = 1000;

/** Returns the line of a query: `query 1.2 ms 3 rows SELECT … [7] at src/orders.js:42, GET /orders/7`. */
export function queryLine(
  call: Call,
  { attributes, failed }: SpanLike,
  unit: WatchedUnit | undefined,
  style: StyleText,
): string {
  const rows = attributes["db.response.returned_rows"];
  const parts = [
    `  ${style("dim", "query")} ${durationText(call.durationMs)}`,
    ...(typeof rows === "number" ? [counted(rows, "row")] : []),
    ...(failed ? [style("red", `failed (${errorTypeOf(attributes)})`)] : []),
    style("cyan", statementText(call.text, MAX_STATEMENT)),
  ];
  const place = style("dim", placeText(call.place));
  const of = unit === undefined ? "" : style("dim", `, ${nameOfUnit(unit)}`);
  return `${parts.join(" ")}${parametersText(attributes)}${place}${of}`;
}

/** Returns ` [7, ada]` by position, or ` {id: 7}` by name. */
function parametersText(attributes: SpanLike["attributes"]): string {
  const parameters = parametersOf(attributes) ?? [];
  if (parameters.length === 0) return "";
  const isList = parameters.every(({ key }) => /^\d+$/.test(key));
  const values = parameters.map(({ key, value }) => (isList ? value : `${key}: ${value}`));
  const text = excerpt(values.join(", "), MAX_PARAMETERS);
  return isList ? ` [${text}]` : ` {${text}}`;
}

function errorTypeOf(attributes: SpanLike["attributes"]): string {
  const type = attributes["error.type"];
  return excerpt(typeof type === "string" ? type : "error", 100);
}
