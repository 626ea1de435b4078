import type { TraceState } from "@opentelemetry/api";
import { trimEndOf } from "../../text.ts";

/*
 * Consistent probability sampling: a trace is kept if its 56 bits of randomness
 * reach a threshold, `ot=th:` in the tracestate, which is the ratio of traces to
 * reject. So all samplers agree: a trace kept at 1% is kept at 10%, in any
 * language.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

/** A threshold as 14 hexadecimal digits (56 bits), compared as strings, without 64-bit numbers. */
export type Threshold = string;

const DIGITS = 14;
const RANGE = 2n ** 56n;

/** Digits after the leading `f`s, as the specification recommends. */
const PRECISION = 4;

/** Returns the threshold of a probability from 2^-56 to 1; undefined below, where nothing is kept. */
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

/** Returns the ratio of traces that a threshold keeps, above 0 to 1. */
export function probabilityOfThreshold(threshold: Threshold): number {
  return Number(RANGE - BigInt(`0x${threshold}`)) / 2 ** 56;
}

/** The sampling fields of a tracestate. */
export interface SamplingState {
  /** Undefined if missing or malformed. */
  readonly threshold: Threshold | undefined;
  /** 14 digits that replace the trace id's own randomness. */
  readonly randomness: string | undefined;
  /** Whether a threshold is present, well-formed or not. */
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

/** Returns the value of a sub-key, which is unique and two letters long; `prefix` includes the colon. */
function fieldIn(entry: string, prefix: string): string | undefined {
  const start = entry.startsWith(prefix) ? 0 : entry.indexOf(`;${prefix}`) + 1;
  if (start === 0 && !entry.startsWith(prefix)) return undefined;
  const end = entry.indexOf(";", start);
  return entry.slice(start + prefix.length, end === -1 ? entry.length : end);
}

/** The longest value of a tracestate member; a threshold that does not fit is left out. */
const MAX_ENTRY = 256;

/** Returns the tracestate with this threshold in its `ot` member, or without one. */
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

/** Formats a threshold without trailing zeros. */
function thresholdText(threshold: Threshold): string {
  return trimEndOf(threshold, "0") || "0";
}

/**
 * Checks whether a trace reaches the threshold. The randomness is the `rv` of the
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

/** Compares digit by digit, since the first one nearly always decides. */
function traceIdMeetsThreshold(threshold: Threshold, traceId: string): boolean {
  const offset = traceId.length - DIGITS;
  for (let at = 0; at < DIGITS; at++) {
    // Third-party ids may have upper-case digits; 0x20 leaves 0-9 unchanged.
    const difference = (traceId.charCodeAt(offset + at) | 0x20) - threshold.charCodeAt(at);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
