import { DEFAULT_MAX_BYTES, DEFAULT_MAX_UNITS } from "../../viewer/store/telemetry-store.ts";

/** The limits of the history, as `openStore` takes them. */
export interface HistoryLimits {
  readonly maxUnits: number;
  readonly maxBytes: number;
}

const MEBIBYTE = 1024 * 1024;

/** The options of the history in the help of `telltale dev`. */
export const HISTORY_HELP: string = `  --history-requests N   requests, messages and jobs that are kept; default: ${DEFAULT_MAX_UNITS}
  --history-size N       size of the history in MiB; default: ${DEFAULT_MAX_BYTES / MEBIBYTE}`;

/** Returns the limits of the history, with what is wrong with their options. */
export function readHistoryOptions(texts: ReadonlyMap<string, readonly string[]>): {
  readonly limits: HistoryLimits;
  readonly problems: readonly string[];
} {
  const units = readNumber(texts, "history-requests", 100, 1_000_000);
  const size = readNumber(texts, "history-size", 8, 16_384);
  return {
    limits: {
      maxUnits: units.value ?? DEFAULT_MAX_UNITS,
      maxBytes: size.value === undefined ? DEFAULT_MAX_BYTES : size.value * MEBIBYTE,
    },
    problems: [...units.problems, ...size.problems],
  };
}

function readNumber(
  texts: ReadonlyMap<string, readonly string[]>,
  name: string,
  from: number,
  to: number,
): { readonly value?: number; readonly problems: readonly string[] } {
  const text = texts.get(name)?.at(-1);
  if (text === undefined) return { problems: [] };
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return { value, problems: [] };
  const received = JSON.stringify(text);
  return { problems: [`--${name} received ${received}, expected a number from ${from} to ${to}`] };
}
