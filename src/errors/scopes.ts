import type { Context as ApiContext } from "@opentelemetry/api";
import {
  getDefaultCurrentScope,
  getDefaultIsolationScope,
  type Scope,
  type setAsyncContextStrategy,
} from "@sentry/core";
import { isTracingSuppressed, suppressTracing } from "../context/context.ts";
import { errorSlotIn } from "../context/unit-access.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import { activeContext, runWithContext } from "../context/manager.ts";

type AsyncContextStrategy = NonNullable<Parameters<typeof setAsyncContextStrategy>[0]>;

/** Context key of the scopes that `withScope` and similar functions set for their callback. */
const SCOPES_KEY = Symbol("telltale.scopes");

/** The scopes of a callback. */
interface ScopePair {
  readonly current: Scope;
  readonly isolation: Scope;
  /** The unit of work they were created in: a nested unit has its own scopes. */
  readonly unit: ErrorSlot | undefined;
}

/**
 * Stores Sentry's scopes in telltale's context. A unit of work has two scopes, forked
 * at their first use, so that a request without Sentry costs nothing (the strategy of
 * `@sentry/opentelemetry` clones a scope at every `context.with`, about 6 us).
 */
export const asyncContextStrategy: AsyncContextStrategy = {
  getCurrentScope: () => currentScopeIn(activeContext()),
  getIsolationScope: () => isolationScopeIn(activeContext()),
  withScope: (work) =>
    withScopes(currentScopeIn(activeContext()).clone(), undefined, "current", work),
  withSetScope: (scope, work) => withScopes(scope, undefined, "current", work),
  withIsolationScope: (work) =>
    withScopes(
      currentScopeIn(activeContext()).clone(),
      isolationScopeIn(activeContext()).clone(),
      "isolation",
      work,
    ),
  withSetIsolationScope: (isolation, work) =>
    withScopes(currentScopeIn(activeContext()).clone(), isolation, "isolation", work),
  suppressTracing: (work) => runWithContext(suppressTracing(activeContext()), work),
  isTracingSuppressed: () => isTracingSuppressed(activeContext()),
};

function withScopes<R>(
  current: Scope,
  isolation: Scope | undefined,
  which: "current" | "isolation",
  work: (scope: Scope) => R,
): R {
  const context = activeContext();
  const scopes: ScopePair = {
    current,
    isolation: isolation ?? isolationScopeIn(context),
    unit: errorSlotIn(context),
  };
  return runWithContext(context.setValue(SCOPES_KEY, scopes), () => work(scopes[which]));
}

function currentScopeIn(context: ApiContext): Scope {
  const unit = errorSlotIn(context);
  const explicit = scopesIn(context);
  if (explicit !== undefined && explicit.unit === unit) return explicit.current;
  if (unit === undefined) return getDefaultCurrentScope();
  return scopesOf(unit).current(explicit?.current);
}

function isolationScopeIn(context: ApiContext): Scope {
  const unit = errorSlotIn(context);
  const explicit = scopesIn(context);
  if (explicit !== undefined && explicit.unit === unit) return explicit.isolation;
  if (unit === undefined) return getDefaultIsolationScope();
  return scopesOf(unit).isolation(explicit?.isolation ?? outerIsolationScope(unit), unit);
}

/** Values that are set for a connection also apply to its messages. */
function outerIsolationScope(unit: ErrorSlot): Scope | undefined {
  const outer = unit.enclosingUnit();
  return outer === undefined ? undefined : scopesOf(outer).isolation(undefined, outer);
}

function scopesIn(context: ApiContext): ScopePair | undefined {
  return context.getValue(SCOPES_KEY) as ScopePair | undefined;
}

function scopesOf(unit: ErrorSlot): UnitScopes {
  return (unit.scope ??= new UnitScopes()) as UnitScopes;
}

/** The two scopes of one unit of work, each forked at its first use. */
class UnitScopes {
  #current: Scope | undefined = undefined;
  #isolation: Scope | undefined = undefined;

  current(outer: Scope | undefined): Scope {
    return (this.#current ??= (outer ?? getDefaultCurrentScope()).clone());
  }

  isolation(outer: Scope | undefined, unit: ErrorSlot): Scope {
    if (this.#isolation !== undefined) return this.#isolation;
    const scope = (outer ?? getDefaultIsolationScope()).clone();
    this.#isolation = scope;
    setUserIdOf(unit, scope);
    return scope;
  }
}

/** Sets the user of a unit of work whose `setUser` was called before Sentry could be loaded. */
function setUserIdOf({ userId }: ErrorSlot, scope: Scope): void {
  const user = scope.getUser();
  if (userId !== undefined && user?.id === undefined) scope.setUser({ ...user, id: userId });
}
