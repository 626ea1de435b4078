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
export const noopScope: Scope = Object.freeze(
  Object.fromEntries([
    ...SETTERS.map((name) => [name, () => noopScope] as const),
    ...OBJECT_GETTERS.map((name) => [name, () => ({})] as const),
    ...VALUE_GETTERS.map((name) => [name, () => undefined] as const),
  ]),
) as unknown as Scope;
