import type { Scope } from "./api.ts";

/** Methods of Sentry's scope that return it. */
const SETTERS = [
  ...["setClient", "setLastEventId", "setUser", "setConversationId", "setTag", "setTags"],
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
 * A scope without effect, for callbacks that run without Sentry. It has all methods of
 * Sentry's scope, also those that `Scope` does not declare: the same code runs with and
 * without a DSN.
 */
export const noopScope: Scope = Object.freeze(Object.fromEntries(methods())) as unknown as Scope;

function methods(): [name: string, method: () => unknown][] {
  return [
    ...namedMethods(SETTERS, () => noopScope),
    ...namedMethods(OBJECT_GETTERS, () => ({})),
    ...namedMethods(VALUE_GETTERS, () => undefined),
  ];
}

function namedMethods(
  names: readonly string[],
  method: () => unknown,
): [name: string, method: () => unknown][] {
  return names.map((name) => [name, method]);
}
