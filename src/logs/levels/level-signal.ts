import type { LevelSignal } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { levelChanges } from "./level-changes.ts";

/** The name of all loggers. */
const ALL = "*";

const DURATION_MINUTES = 10;

/**
 * Sets the level of all loggers to debug for ten minutes with each first signal, and ends
 * that with each second one. The listener does not keep the process alive.
 */
export function watchLevelSignal(signal: LevelSignal, diagnostics: Diagnostics): void {
  try {
    process.on(signal, () => {
      if (levelChanges.list().has(ALL)) {
        levelChanges.remove(ALL);
        diagnostics.info("level signal end", `${signal}: loggers have their own levels again`);
        return;
      }
      levelChanges.set(ALL, "debug", DURATION_MINUTES * 60_000);
      diagnostics.info(
        "level signal",
        `${signal}: all loggers write lines of level debug for ${DURATION_MINUTES} minutes; a second signal ends it`,
      );
    });
  } catch (error) {
    diagnostics.warn("level signal", `TELLTALE_LOG_LEVEL_SIGNAL has no effect: ${String(error)}`);
  }
}
