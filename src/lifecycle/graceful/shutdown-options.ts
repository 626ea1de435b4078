import type { GracefulShutdownOptions } from "../../api.ts";
import type { GracefulShutdownConfig } from "../../config/config.ts";
import { completeShutdown } from "../../config/graceful-shutdown.ts";
import { propertyOf } from "../../property.ts";

/** What the app does in the course of a shutdown. */
export type ShutdownCallbacks = Pick<GracefulShutdownOptions, "onDrain" | "onShutdown">;

const MAX_MS = 2 ** 31 - 1;

/**
 * Reads the options of `gracefulShutdown`.
 *
 * @param current the settings where the app passes none
 * @param warn reports what is unusable
 */
export function readShutdownOptions(
  options: unknown,
  current: GracefulShutdownConfig,
  warn: (problem: string) => void,
): { readonly settings: GracefulShutdownConfig; readonly callbacks: ShutdownCallbacks } {
  const deadlineMs = readTime(options, "deadline", 1, MAX_MS, warn);
  const base =
    deadlineMs === undefined
      ? current
      : completeShutdown({ ...current, deadlineMs, waitMs: undefined });
  const waitMs = readTime(options, "wait", 0, base.deadlineMs - 1, warn);
  const readiness = propertyOf(options, "readiness");
  const isKnown = readiness === "fail" || readiness === "keep";
  if (readiness !== undefined && !isKnown)
    warn(`an unknown readiness, expected "fail" or "keep"; ${base.readiness} is used`);
  return {
    settings: {
      ...base,
      ...(waitMs !== undefined && { waitMs }),
      ...(isKnown && { readiness }),
    },
    callbacks: {
      onDrain: readCallback(options, "onDrain", warn),
      onShutdown: readCallback(options, "onShutdown", warn),
    },
  };
}

function readTime(
  options: unknown,
  name: string,
  min: number,
  max: number,
  warn: (problem: string) => void,
): number | undefined {
  const value = propertyOf(options, name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= min && value <= max) return value;
  const received = typeof value === "number" ? String(value) : `a ${typeof value}`;
  warn(`${name} ${received}, expected milliseconds from ${min} to ${max}; it is left out`);
  return undefined;
}

function readCallback(
  options: unknown,
  name: "onDrain" | "onShutdown",
  warn: (problem: string) => void,
): ShutdownCallbacks["onDrain"] {
  const value = propertyOf(options, name);
  if (value === undefined) return undefined;
  if (typeof value === "function") return value as ShutdownCallbacks["onDrain"];
  warn(`${name} of type ${typeof value}, expected a function; it is left out`);
  return undefined;
}
