import { hasProcessContext } from "../context/process/process-context.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import { activeVariables, contextVariableNames, type Variables } from "./environment-carrier.ts";

/** Determines the variables of child processes. */
export interface ChildEnvironment {
  /** Returns the variables of a child process that is created now; undefined if they stay as they are. */
  pairsFor(pairs: readonly unknown[]): readonly string[] | undefined;
}

/** @param inherited the context of the environment at the start of this thread, in its variables */
export function createChildEnvironment(
  propagator: CompositePropagator,
  inherited: Variables,
): ChildEnvironment {
  const names = new Set(contextVariableNames(propagator));
  /** Whether a variable is the one that this process was started with, and no choice of the app. */
  const isInherited = (name: string, value: string): boolean => inherited.get(name) === value;

  return {
    pairsFor(pairs) {
      const active = activeVariables(propagator);
      // Without an active span, that of the environment is passed on as long as it is this process's own.
      if (active.size === 0 && (inherited.size === 0 || hasProcessContext())) return undefined;
      const others: string[] = [];
      const own = new Set<string>();
      for (const pair of pairs) {
        if (typeof pair !== "string") return undefined;
        const { name, value } = parsePair(pair);
        const isContext = names.has(name);
        if (isContext && isInherited(name, value)) continue;
        if (isContext) own.add(name);
        others.push(pair);
      }
      // The app propagates a trace itself, or has set an empty value so that none is.
      if ([...own].some((name) => name !== BAGGAGE)) return undefined;
      const added = [...active].filter(([name]) => !own.has(name));
      return [...others, ...added.map(([name, value]) => `${name}=${value}`)];
    },
  };
}

const BAGGAGE = "BAGGAGE";

const IS_WINDOWS = process.platform === "win32";

/** Splits a variable of Node's array. On Windows names have no case, and may begin with an equals sign. */
function parsePair(pair: string): { readonly name: string; readonly value: string } {
  const end = pair.indexOf("=", 1);
  const name = pair.slice(0, end);
  return { name: IS_WINDOWS ? name.toUpperCase() : name, value: pair.slice(end + 1) };
}
