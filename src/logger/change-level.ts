import { loggerLevelOf, loggerLevels, loggerNameOf } from "../config/log-level-rules.ts";
import { quote } from "../config/mask.ts";
import { levelChanges } from "../logs/levels/level-changes.ts";

/** The longest delay of a timer, 24 days. */
const MAX_MS = 2 ** 31 - 1;

/**
 * Sets the level of the loggers of a name at run time, or removes it.
 *
 * @param level null removes what was set.
 * @param forMs how long, in milliseconds. Undefined: until it is removed.
 * @returns why nothing was changed; undefined if it was.
 */
export function changeLevel(name: unknown, level: unknown, forMs: unknown): string | undefined {
  const known = typeof name === "string" ? loggerNameOf(name) : undefined;
  if (known === undefined)
    return `received the name ${shown(name)}, expected that of a logger, or *`;
  if (level === null) {
    levelChanges.remove(known);
    return undefined;
  }
  const wanted = typeof level === "string" ? loggerLevelOf(level) : undefined;
  if (wanted === undefined) {
    return `received the level ${shown(level)}, expected one of ${loggerLevels.join(", ")}`;
  }
  if (forMs !== undefined && !(typeof forMs === "number" && forMs >= 1 && forMs <= MAX_MS)) {
    return `received the time ${shown(forMs)}, expected milliseconds from 1 to ${MAX_MS}`;
  }
  const isSet = levelChanges.set(known, wanted, forMs);
  return isSet ? undefined : "received too many names; remove some first";
}

function shown(value: unknown): string {
  if (typeof value === "string") return quote(value);
  return typeof value === "number" ? String(value) : typeof value;
}
