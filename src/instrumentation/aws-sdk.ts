import { diag } from "@opentelemetry/api";
import { lowCardinality } from "../low-cardinality.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Upstream's instrumentation of `@aws-sdk/client-*`, kept away from the app: it
 * writes the trace into the input of a command, which is the app's and may be
 * frozen or shared; it notes the client on the command itself; and what its
 * hooks throw would become the result of the call, or an unhandled rejection.
 *
 * The call goes on with a copy of the command whose input is a copy as deep as
 * upstream writes. https://github.com/open-telemetry/opentelemetry-js-contrib/issues/1609
 */
export function withOwnInputs<Instrumentation extends Upstream>(
  instrumentation: Instrumentation,
): Instrumentation {
  const internals = instrumentation as unknown as Internals;
  internals.servicesExtensions = guarded(internals.servicesExtensions);
  resolveWithCopies(internals);
  sendUnmarked(internals);
  return instrumentation;
}

/** Private in upstream's types; the tests notice when they are gone. */
interface Internals {
  servicesExtensions: Extensions;
  _getV3MiddlewareStackResolvePatch(version: unknown, original: Resolve): Resolve;
  _getV3SmithyClientSendPatch(version: unknown, original: Send): Send;
  patchV3MiddlewareStack(version: unknown, stack: unknown): void;
}

/** What upstream has for each service. */
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

function guarded(extensions: Extensions): Extensions {
  return {
    requestPreSpanHook: (request, ...rest) =>
      attempt(
        () => {
          const asked = request.commandInput?.["MessageAttributeNames"];
          const metadata = withFewNames(extensions.requestPreSpanHook(request, ...rest), request);
          if (asksForAll(asked)) Object.assign(request.commandInput ?? {}, namesOf(asked));
          return metadata;
        },
        { isIncoming: false },
      ),
    requestPostSpanHook: (request) =>
      attempt(() => extensions.requestPostSpanHook(request), undefined),
    responseHook: (response, ...rest) => {
      const result = attempt(() => extensions.responseHook(response, ...rest), undefined);
      return result instanceof Promise ? result.catch(failed(response.data)) : result;
    },
    updateMetricInstruments: (meter) => extensions.updateMetricInstruments(meter),
  };
}

/** Queues may have generated names; a text message goes to a person, whose number is nobody else's. */
function withFewNames(metadata: Metadata, { commandInput }: Request): Metadata {
  const phone = commandInput?.["PhoneNumber"];
  const spanName = metadata.spanName && lowCardinality(metadata.spanName);
  if (phone === undefined) return { ...metadata, spanName };
  const spanAttributes: Record<string, unknown> = { ...metadata.spanAttributes };
  for (const [name, value] of Object.entries(spanAttributes)) {
    if (value === phone) spanAttributes[name] = "phone_number";
  }
  return { ...metadata, spanName, spanAttributes };
}

/** Those of the trace are among all; beside `All` some servers refuse them. */
function asksForAll(names: unknown): names is readonly unknown[] {
  return Array.isArray(names) && (names.includes("All") || names.includes(".*"));
}

function namesOf(asked: readonly unknown[]): Input {
  return { MessageAttributeNames: asked };
}

function attempt<R>(work: () => R, otherwise: R): R {
  try {
    return work();
  } catch (error) {
    return failed(otherwise)(error);
  }
}

/** Says what failed, for whoever has asked for it (`OTEL_LOG_LEVEL`), and gives the result instead. */
function failed<R>(otherwise: R): (error: unknown) => R {
  return (error) => {
    diag.warn("aws-sdk: a call could not be described in full", String(error));
    return otherwise;
  };
}

/** Commands whose input upstream writes to. */
const written: ReadonlySet<unknown> = new Set([
  "SendMessageCommand",
  "SendMessageBatchCommand",
  "ReceiveMessageCommand",
  "PublishCommand",
  "InvokeCommand",
]);

function resolveWithCopies(internals: Internals): void {
  const patch = internals._getV3MiddlewareStackResolvePatch;
  internals._getV3MiddlewareStackResolvePatch = (version, original) => {
    const resolve = patch.call(internals, version, original);
    return function (handler, context) {
      const resolved = resolve.call(this, handler, context);
      return function (command) {
        return resolved.call(
          this,
          attempt(() => withOwnInput(command, context), command),
        );
      };
    };
  };
}

function withOwnInput(command: Command, context: HandlerContext): Command {
  const { input } = command;
  const name = context?.commandName ?? command.constructor?.name;
  if (!written.has(name) || typeof input !== "object" || input === null) return command;
  return Object.assign(Object.create(Object.getPrototypeOf(command) as object) as object, command, {
    input: copyOf(input),
  });
}

function copyOf(input: Input): Input {
  const copy = withOwnAttributes(input);
  const { Entries: entries } = copy;
  if (Array.isArray(entries)) copy["Entries"] = entries.map(withOwnAttributes);
  return copy;
}

function withOwnAttributes<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  const copy = { ...value } as Value & Input;
  const { MessageAttributes: attributes } = copy;
  if (typeof attributes === "object" && attributes !== null) {
    Object.assign(copy, { MessageAttributes: { ...attributes } });
  }
  return copy;
}

/** The description of the symbol by which upstream notes the client's configuration. */
const CLIENT = "opentelemetry.instrumentation.aws-sdk.client.config";

/** A command that can't be written to is sent without the note: its span has no region. */
function sendUnmarked(internals: Internals): void {
  const patch = internals._getV3SmithyClientSendPatch;
  internals._getV3SmithyClientSendPatch = (version, original) => {
    const marking = patch.call(internals, version, original);
    return function (...args) {
      const [command] = args;
      if (!isObject(command)) return Reflect.apply(original, this, args);
      if (!Object.isExtensible(command)) {
        internals.patchV3MiddlewareStack(version, this.middlewareStack);
        return Reflect.apply(original, this, args);
      }
      try {
        return Reflect.apply(marking, this, args);
      } finally {
        removeMark(command);
      }
    };
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** It was read while `send` ran. */
function removeMark(command: object): void {
  for (const symbol of Object.getOwnPropertySymbols(command)) {
    if (symbol.description === CLIENT) Reflect.deleteProperty(command, symbol);
  }
}
