import { preloadApi, type Scope, type User } from "../api.ts";

/** Methods of Sentry's scope that return it, except `setUser`. */
const SETTERS = [
  ...["setClient", "setLastEventId", "setConversationId", "setTag", "setTags"],
  ...[
    "setAttribute",
    "setAttributes",
    "removeAttribute",
    "setExtra",
    "setExtras",
    "setFingerprint",
  ],
  ...["setLevel", "setTransactionName", "setContext", "setSession", "update", "addBreadcrumb"],
  ...["clearBreadcrumbs", "addAttachment", "clearAttachments", "addEventProcessor", "clone"],
  ...["addScopeListener", "setSDKProcessingMetadata", "setPropagationContext"],
];
/** Methods that return an object. */
const OBJECT_GETTERS = ["getUser", "getScopeData", "getPropagationContext"];
/** Methods that return a value or undefined. */
const VALUE_GETTERS = [
  ...["getClient", "lastEventId", "getSession", "getLastBreadcrumb"],
  ...["captureException", "captureMessage", "captureEvent"],
];

/**
 * A scope for callbacks that run without Sentry. Only `setUser` has an effect: log lines
 * have the user without a DSN, too. It has all methods of Sentry's scope, also those that
 * `Scope` does not declare: the same code runs with and without a DSN.
 */
export const noopScope: Scope = Object.freeze(Object.fromEntries(methods())) as unknown as Scope;

type Method = (...args: never[]) => unknown;

function methods(): [name: string, method: Method][] {
  return [
    ["setUser", setUser],
    ...namedMethods(SETTERS, () => noopScope),
    ...namedMethods(OBJECT_GETTERS, () => ({})),
    ...namedMethods(VALUE_GETTERS, () => undefined),
  ];
}

function setUser(user: User | null): Scope {
  preloadApi()?.errors.setUser(user);
  return noopScope;
}

function namedMethods(names: readonly string[], method: Method): [name: string, method: Method][] {
  return names.map((name) => [name, method]);
}
