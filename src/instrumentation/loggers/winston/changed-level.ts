import { levelChanges } from "../../../logs/levels/level-changes.ts";
import { levelAmong, severityOfLevel } from "../../../logs/levels/log-levels.ts";
import type { WinstonLogger } from "./winston-info.ts";

/** The name of all loggers of winston for `setLogLevel`. */
const NAME = "winston";

/** The mark on loggers of `telltale/logger`, which know their levels. */
const TELLTALE_LOGGER: unique symbol = Symbol.for("telltale.logger.name");

type Transform = (this: WinstonLogger, info: unknown, encoding: unknown, callback: unknown) => void;

/**
 * Applies a level that was set at run time while a line passes through its logger: the
 * transports that have no level of their own compare it with that of the logger. The
 * app's own level is in its place before and after.
 */
export function withChangedLevel(transform: Transform): Transform {
  return function _transform(info, encoding, callback) {
    if (levelChanges.isEmpty || TELLTALE_LOGGER in this) {
      return transform.call(this, info, encoding, callback);
    }
    const { level: own, levels } = this;
    const level = levelChanges.effectiveLevel(NAME, own, (name) => severityOfLevel(name, levels));
    if (level === own || !setLevel(this, levelAmong(levels, level))) {
      return transform.call(this, info, encoding, callback);
    }
    try {
      return transform.call(this, info, encoding, callback);
    } finally {
      setLevel(this, own);
    }
  };
}

/** Sets the level of a logger, which the app may have frozen. */
function setLevel(logger: WinstonLogger, level: string): boolean {
  return Reflect.set(logger, "level", level);
}
