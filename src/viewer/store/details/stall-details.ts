import { attributesOf } from "../../../otlp/attributes.ts";
import { asList } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";
import type { StallDetail } from "../../model.ts";
import type { ShownSpan } from "./error-details.ts";
import { millisecondsOf, roundMs } from "../units/milliseconds.ts";
import type { OtlpItem } from "../items/otlp-items.ts";
import type { DetailContext } from "./span-detail.ts";
import { numberOf, STALL_EVENT } from "../units/span-facts.ts";
import { appFrame, framesOf } from "./stack-frames.ts";

const MAX_STACK = 16_000;

/** Returns the stalls of the event loop that the spans of a unit of work have caused. */
export function stallDetails(spans: readonly ShownSpan[], context: DetailContext): StallDetail[] {
  return spans.flatMap(({ node, item }) =>
    asList(item.value["events"])
      .filter((event) => event["name"] === STALL_EVENT)
      .map((event) => stallOf(event, node.facts.spanId, context)),
  );
}

/** The event is recorded at the end of a stall, with its duration in seconds. */
function stallOf(
  event: OtlpItem["value"],
  spanId: string,
  { origin, projectFolder }: DetailContext,
): StallDetail {
  const attributes = attributesOf(event["attributes"]);
  const seconds = numberOf(attributes["telltale.eventloop.stall.duration"]) ?? 0;
  const durationMs = roundMs(seconds * 1000);
  const stack = attributes["code.stacktrace"];
  const text = typeof stack === "string" ? truncate(stack, MAX_STACK) : undefined;
  const place = text === undefined ? undefined : appFrame(framesOf(text, projectFolder));
  return {
    ...{ spanId, durationMs },
    offsetMs: roundMs(millisecondsOf(event["timeUnixNano"]) - durationMs - origin),
    ...(text !== undefined && { stack: text }),
    ...(place !== undefined && { place }),
  };
}
