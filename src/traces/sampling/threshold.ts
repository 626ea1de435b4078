import type { TraceState } from "@opentelemetry/api";
import { trimEndOf } from "../../text.ts";

/**
 * Consistent probability sampling: a trace is kept when its 56 bits of
 * randomness reach a threshold, `ot=th:` in the tracestate, which is the share
 * of traces to reject. So all who sample a trace agree: kept at 1% is kept at
 * 10%, whatever the language.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

/** A threshold as 14 hexadecimal digits (56 bits): compared as strings, no 64-bit numbers needed. */
export type Threshold = string;

const DIGITS = 14;
const RANGE = 2n ** 56n;

/** Digits after the leading `f`s, as the specification recommends. */
const PRECISION = 4;

/** The threshold of a probability from 2^-56 to 1, or undefined below: nothing is kept. */
export function thresholdOf(probability: number): Threshold | undefined {
  if (!(probability >= 2 ** -56)) return undefined;
  if (probability >= 1) return "0".repeat(DIGITS);
  const rejected = RANGE - BigInt(Math.round(probability * 2 ** 56));
  return toHexDigits(roundThreshold(rejected));
}

function roundThreshold(rejected: bigint): bigint {
  const leading = /^f*/.exec(toHexDigits(rejected))?.[0].length ?? 0;
  const unit = 16n ** BigInt(Math.max(0, DIGITS - PRECISION - leading));
  const near = ((rejected + unit / 2n) / unit) * unit;
  return near < RANGE ? near : rejected;
}

function toHexDigits(value: bigint): string {
  return value.toString(16).padStart(DIGITS, "0");
}

/** The share of traces that a threshold keeps, above 0 to 1. */
export function probabilityOfThreshold(threshold: Threshold): number {
  return Number(RANGE - BigInt(`0x${threshold}`)) / 2 ** 56;
}

/** What the tracestate says of sampling. */
export interface SamplingState {
  /** Undefined where it is missing or malformed. */
  readonly threshold: Threshold | undefined;
  /** 14 digits that stand in for the trace id's own randomness. */
  readonly randomness: string | undefined;
  /** Whether there is a threshold, well-formed or not. */
  readonly hasThreshold: boolean;
}

const NO_SAMPLING_STATE: SamplingState = {
  threshold: undefined,
  randomness: undefined,
  hasThreshold: false,
};

export function samplingStateOf(traceState: TraceState | undefined): SamplingState {
  const entry = traceState?.get("ot");
  if (typeof entry !== "string") return NO_SAMPLING_STATE;
  const th = fieldIn(entry, "th:");
  const rv = fieldIn(entry, "rv:");
  return {
    threshold: th !== undefined && HEX.test(th) ? th.toLowerCase().padEnd(DIGITS, "0") : undefined,
    randomness:
      rv !== undefined && rv.length === DIGITS && HEX.test(rv) ? rv.toLowerCase() : undefined,
    hasThreshold: th !== undefined,
  };
}

const HEX = /^[0-9a-fA-F]{1,14}$/;

/** Sub-keys are unique and two letters long; `prefix` has the colon. */
function fieldIn(entry: string, prefix: string): string | undefined {
  const start = entry.startsWith(prefix) ? 0 : entry.indexOf(`;${prefix}`) + 1;
  if (start === 0 && !entry.startsWith(prefix)) return undefined;
  const end = entry.indexOf(";", start);
  return entry.slice(start + prefix.length, end === -1 ? entry.length : end);
}

/** Of a value in the tracestate; `ot` with its threshold must fit, or goes without. */
const MAX_ENTRY = 256;

/** The tracestate with this threshold in its `ot` member, or without any. */
export function withThreshold(
  traceState: TraceState,
  threshold: Threshold | undefined,
): TraceState {
  const others = (traceState.get("ot") ?? "")
    .split(";")
    .filter((field) => field !== "" && !field.startsWith("th:"));
  const all = threshold === undefined ? others : [`th:${thresholdText(threshold)}`, ...others];
  const entry = all.join(";");
  const limitedEntry = entry.length > MAX_ENTRY ? others.join(";") : entry;
  return limitedEntry === "" ? traceState.unset("ot") : traceState.set("ot", limitedEntry);
}

/** Without trailing zeros. */
function thresholdText(threshold: Threshold): string {
  return trimEndOf(threshold, "0") || "0";
}

/**
 * Whether a trace reaches the threshold. The randomness is the `rv` of the
 * tracestate, or else the last 56 bits of the trace id.
 */
export function meetsThreshold(
  threshold: Threshold,
  traceId: string,
  randomness: string | undefined,
): boolean {
  return randomness === undefined
    ? traceIdMeetsThreshold(threshold, traceId)
    : randomness >= threshold;
}

/** Digit by digit, since almost always the first one decides. */
function traceIdMeetsThreshold(threshold: Threshold, traceId: string): boolean {
  const offset = traceId.length - DIGITS;
  for (let at = 0; at < DIGITS; at++) {
    // Digits of foreign ids may be upper case; 0x20 leaves 0-9 as they are.
    const difference = (traceId.charCodeAt(offset + at) | 0x20) - threshold.charCodeAt(at);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
