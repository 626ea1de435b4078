import type { Scope } from "@sentry/core";
import { isObject, safeString } from "./readable-error.ts";

type Entries = Record<string, unknown>;

/** The fields of Sentry's scopes that no other object refers to. */
interface ScopeData {
  readonly _tags: Entries;
  readonly _extra: Entries;
  _notifyScopeListeners(): void;
}

/**
 * Replaces the setters of a scope's tags and extra, which copy all entries for each new
 * one: 10,000 tags took two minutes. A tag is made a text where Sentry could not read it.
 */
export function replaceScopeSetters(scope: Scope): void {
  Object.assign(scope, setters);
}

/** Shared by all scopes. `setTag` of Sentry calls `setTags`. */
const setters: Partial<Scope> = {
  setTags(this: Scope, tags) {
    for (const [key, value] of Object.entries(tags ?? {}))
      define(dataOf(this)._tags, key, isObject(value) ? safeString(value) : value);
    return notified(this);
  },
  setExtras(this: Scope, extras) {
    for (const [key, value] of Object.entries(extras ?? {}))
      define(dataOf(this)._extra, key, value);
    return notified(this);
  },
  setExtra(this: Scope, key, extra) {
    define(dataOf(this)._extra, key, extra);
    return notified(this);
  },
};

/** Sets an own property, also for `__proto__`. */
function define(data: Entries, key: string, value: unknown): void {
  Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
}

function notified(scope: Scope): Scope {
  dataOf(scope)._notifyScopeListeners();
  return scope;
}

function dataOf(scope: Scope): ScopeData {
  return scope as unknown as ScopeData;
}
