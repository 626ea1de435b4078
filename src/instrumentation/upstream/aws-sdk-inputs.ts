import { diag } from "@opentelemetry/api";
import { lowCardinality } from "../../low-cardinality.ts";
import type { InstrumentationLike } from "./upstream-adaptor.ts";

/**
 * Isolates upstream's instrumentation of `@aws-sdk/client-*` from the app. It
 * writes the trace context into the input of a command, which the app owns and may
 * have frozen or shared. It stores the client's configuration on the command
 * itself. An error in its hooks would become the result of the call, or an
 * unhandled rejection.
 *
 * The call continues with a copy of the command, whose input is copied as deep as
 * upstream writes.
 * https://github.com/open-telemetry/opentelemetry-js-contrib/issues/1609
 */
export function withCopiedInputs<Instrumentation extends InstrumentationLike>(
  instrumentation: Instrumentation,
): Instrumentation {
  const internals = instrumentation as unknown as AwsSdkInternals;
  internals.servicesExtensions = guardExtensions(internals.servicesExtensions);
  patchResolve(internals);
  patchSend(internals);
  return instrumentation;
}

/** Private members of upstream's class; the tests fail if they change. */
interface AwsSdkInternals {
  servicesExtensions: Extensions;
  _getV3MiddlewareStackResolvePatch(version: unknown, original: Resolve): Resolve;
  _getV3SmithyClientSendPatch(version: unknown, original: Send): Send;
  patchV3MiddlewareStack(version: unknown, stack: unknown): void;
}

/** Upstream's hooks for each service. */
interface Extensions {
  requestPreSpanHook(request: Request, ...rest: unknown[]): Metadata;
  requestPostSpanHook(request: Request): void;
  responseHook(response: { readonly data?: unknown }, ...rest: unknown[]): unknown;
  updateMetricInstruments(meter: unknown): void;
}

interface Metadata {
  readonly isIncoming: boolean;
  readonly spanName?: string | undefined;
  readonly spanAttributes?: Readonly<Record<string, unknown>>;
}

interface Request {
  readonly commandName?: unknown;
  readonly commandInput?: Input;
}

type Input = Record<string, unknown>;

interface Command {
  readonly input?: Input;
}

type Handler = (this: unknown, command: Command) => unknown;

type Resolve = (this: unknown, handler: unknown, context: HandlerContext) => Handler;

interface HandlerContext {
  readonly commandName?: unknown;
}

type Send = (this: { readonly middlewareStack?: unknown }, ...args: unknown[]) => unknown;

function guardExtensions(extensions: Extensions): Extensions {
  return {
    requestPreSpanHook: (request, ...rest) =>
      tryOr(
        () => {
          const requestedNames = request.commandInput?.["MessageAttributeNames"];
          const metadata = withLowCardinality(
            extensions.requestPreSpanHook(request, ...rest),
            request,
          );
          if (requestsAllAttributes(requestedNames))
            Object.assign(request.commandInput ?? {}, messageAttributeNames(requestedNames));
          return metadata;
        },
        { isIncoming: false },
      ),
    requestPostSpanHook: (request) =>
      tryOr(() => extensions.requestPostSpanHook(request), undefined),
    responseHook: (response, ...rest) => {
      const result = tryOr(() => extensions.responseHook(response, ...rest), undefined);
      return result instanceof Promise ? result.catch(warnAndReturn(response.data)) : result;
    },
    updateMetricInstruments: (meter) => extensions.updateMetricInstruments(meter),
  };
}

/** Masks generated parts of queue names, and the phone number of a text message. */
function withLowCardinality(metadata: Metadata, { commandInput }: Request): Metadata {
  const phone = commandInput?.["PhoneNumber"];
  const spanName = metadata.spanName && lowCardinality(metadata.spanName);
  if (phone === undefined) return { ...metadata, spanName };
  const spanAttributes: Record<string, unknown> = { ...metadata.spanAttributes };
  for (const [name, value] of Object.entries(spanAttributes)) {
    if (value === phone) spanAttributes[name] = "phone_number";
  }
  return { ...metadata, spanName, spanAttributes };
}

/**
 * Whether the request already includes the trace's attributes; some servers reject
 * further names next to `All`.
 */
function requestsAllAttributes(names: unknown): names is readonly unknown[] {
  return Array.isArray(names) && (names.includes("All") || names.includes(".*"));
}

function messageAttributeNames(names: readonly unknown[]): Input {
  return { MessageAttributeNames: names };
}

function tryOr<R>(work: () => R, otherwise: R): R {
  try {
    return work();
  } catch (error) {
    return warnAndReturn(otherwise)(error);
  }
}

/** Logs the error at the diagnostic log level (`OTEL_LOG_LEVEL`) and returns a fallback. */
function warnAndReturn<R>(otherwise: R): (error: unknown) => R {
  return (error) => {
    diag.warn("aws-sdk: a call could not be described in full", String(error));
    return otherwise;
  };
}

/** Commands with an input to which upstream writes. */
const commandsWithWrites: ReadonlySet<unknown> = new Set([
  "SendMessageCommand",
  "SendMessageBatchCommand",
  "ReceiveMessageCommand",
  "PublishCommand",
  "InvokeCommand",
]);

function patchResolve(internals: AwsSdkInternals): void {
  const patch = internals._getV3MiddlewareStackResolvePatch;
  internals._getV3MiddlewareStackResolvePatch = (version, original) => {
    const resolve = patch.call(internals, version, original);
    return function (handler, context) {
      const resolved = resolve.call(this, handler, context);
      return function (command) {
        return resolved.call(
          this,
          tryOr(() => withCopiedInput(command, context), command),
        );
      };
    };
  };
}

function withCopiedInput(command: Command, context: HandlerContext): Command {
  const { input } = command;
  const name = context?.commandName ?? command.constructor?.name;
  if (!commandsWithWrites.has(name) || typeof input !== "object" || input === null) return command;
  return Object.assign(Object.create(Object.getPrototypeOf(command) as object) as object, command, {
    input: copyInput(input),
  });
}

function copyInput(input: Input): Input {
  const copy = copyMessageAttributes(input);
  const { Entries: entries } = copy;
  if (Array.isArray(entries)) copy["Entries"] = entries.map(copyMessageAttributes);
  return copy;
}

function copyMessageAttributes<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  const copy = { ...value } as Value & Input;
  const { MessageAttributes: attributes } = copy;
  if (typeof attributes === "object" && attributes !== null) {
    Object.assign(copy, { MessageAttributes: { ...attributes } });
  }
  return copy;
}

/** Description of the symbol under which upstream stores the client's configuration. */
const CLIENT_SYMBOL = "opentelemetry.instrumentation.aws-sdk.client.config";

/** Sends a non-extensible command without the symbol: its span has no region. */
function patchSend(internals: AwsSdkInternals): void {
  const patch = internals._getV3SmithyClientSendPatch;
  internals._getV3SmithyClientSendPatch = (version, original) => {
    const patched = patch.call(internals, version, original);
    return function (...args) {
      const [command] = args;
      if (!isObject(command)) return Reflect.apply(original, this, args);
      if (!Object.isExtensible(command)) {
        internals.patchV3MiddlewareStack(version, this.middlewareStack);
        return Reflect.apply(original, this, args);
      }
      try {
        return Reflect.apply(patched, this, args);
      } finally {
        removeClientSymbol(command);
      }
    };
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Upstream reads the symbol only while `send` runs. */
function removeClientSymbol(command: object): void {
  for (const symbol of Object.getOwnPropertySymbols(command)) {
    if (symbol.description === CLIENT_SYMBOL) Reflect.deleteProperty(command, symbol);
  }
}
