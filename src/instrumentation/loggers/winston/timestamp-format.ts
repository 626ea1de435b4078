import { isoClock } from "../../../logs/time/iso-clock.ts";
import { isEmpty, isPlainInfo, replaceTransform } from "./logform.ts";

/**
 * Patches `timestamp.js` of logform 2: without options, the time is written by
 * `IsoClock`, with the same text. Everything else is left to the original.
 */
export function patchTimestamp(exports: unknown): void {
  replaceTransform(
    exports,
    (original) =>
      function (info, options) {
        if (!isPlainInfo(info) || !isEmpty(options)) return original.call(this, info, options);
        if (!info["timestamp"]) info["timestamp"] = isoClock.now();
        return info;
      },
  );
}
