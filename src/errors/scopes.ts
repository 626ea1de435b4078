import type { Context as ApiContext } from "@opentelemetry/api";
import {
  getDefaultCurrentScope,
  getDefaultIsolationScope,
  type Scope,
  type setAsyncContextStrategy,
} from "@sentry/core";
import { isTracingSuppressed, suppressTracing } from "../context/context.ts";
import { contextWithIds, isolatedContext } from "../context/isolated-part.ts";
import { errorSlotIn, idSlotIn, idText } from "../context/unit-access.ts";
import type { ErrorSlot, IdSlot } from "../context/unit-views.ts";
import { activeContext, runWithContext } from "../context/manager.ts";
import { adjustBreadcrumbTimes } from "./event-data/breadcrumbs.ts";
import { forwardLastEventId } from "./last-event-id.ts";
import { replaceScopeSetters } from "./scope-data.ts";

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
  withScope: (work) => withCurrentScope(currentScopeIn(activeContext()).clone(), work),
  withSetScope: withCurrentScope,
  withIsolationScope: (work) => withIsolation(isolationScopeIn(activeContext()).clone(), work),
  withSetIsolationScope: withIsolation,
  suppressTracing: (work) => runWithContext(suppressTracing(activeContext()), work),
  isTracingSuppressed: () => isTracingSuppressed(activeContext()),
};

/**
 * Runs `work` in two new scopes, for the data of one event. The outer isolation scope
 * also records the id of the last event.
 */
export function withEventScope<R>(work: (scope: Scope) => R): R {
  const outer = activeContext();
  const outerIsolation = isolationScopeIn(outer);
  const isolation = outerIsolation.clone();
  forwardLastEventId(isolation, outerIsolation);
  const context = isolatedContext(outer, true);
  const current = currentScopeIn(outer).clone();
  for (const scope of [isolation, current]) bindIds(scope, idSlotIn(context));
  return runWithScopes(context, { current, isolation }, () => work(current));
}

function withCurrentScope<R>(current: Scope, work: (scope: Scope) => R): R {
  const context = activeContext();
  const scopes = { current, isolation: isolationScopeIn(context) };
  return runWithScopes(context, scopes, () => work(current));
}

function withIsolation<R>(isolation: Scope, work: (isolation: Scope) => R): R {
  const outer = activeContext();
  const current = currentScopeIn(outer).clone();
  const context = contextOfScope(isolation, outer);
  return runWithScopes(context, { current, isolation }, () => work(isolation));
}

/** Returns the context for an isolation scope: that of its ids, where it was used before. */
function contextOfScope(isolation: Scope, outer: ApiContext): ApiContext {
  const known = idsOfScopes.get(isolation);
  if (known !== undefined) return contextWithIds(outer, known);
  const context = isolatedContext(outer, false);
  bindIds(isolation, idSlotIn(context));
  return context;
}

function runWithScopes<R>(
  context: ApiContext,
  { current, isolation }: Omit<ScopePair, "unit">,
  work: () => R,
): R {
  const scopes: ScopePair = { current, isolation, unit: errorSlotIn(context) };
  return runWithContext(context.setValue(SCOPES_KEY, scopes), work);
}

/** The ids that log lines have while a scope is active. */
const idsOfScopes = new WeakMap<Scope, IdSlot>();

/** Binds a new scope to ids, which get each user that is set on the scope. */
function bindIds(scope: Scope, ids: IdSlot | undefined): void {
  replaceScopeSetters(scope);
  adjustBreadcrumbTimes(scope);
  if (ids === undefined) return;
  idsOfScopes.set(scope, ids);
  let userId = scope.getUser()?.id;
  scope.addScopeListener(() => {
    const { id } = scope.getUser() ?? {};
    if (id === userId) return;
    userId = id;
    ids.setUserId(idText(id));
  });
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
    bindIds(scope, unit);
    return scope;
  }
}

/** Sets the user of a unit of work whose `setUser` was called before Sentry could be loaded. */
function setUserIdOf(unit: ErrorSlot, scope: Scope): void {
  // The user of a framework may change until an event is captured.
  if (unit.userReader !== undefined) return;
  const { userId } = unit;
  const user = scope.getUser();
  if (userId !== undefined && user?.id === undefined) scope.setUser({ ...user, id: userId });
}
