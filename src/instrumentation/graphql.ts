import { lazy } from "../lazy.ts";
import type { Holder } from "../context/holder.ts";
import { activeHolder } from "../context/manager.ts";
import type { Adaptor, LoadedFile, Services } from "./adaptor.ts";
import {
  documentOf,
  failuresIn,
  type OperationDocument,
  operationOf,
} from "./graphql-operation.ts";
import { replaceMethod } from "./method.ts";

const loadGraphqlSpans = lazy<typeof import("./graphql-spans.ts")>(
  "instrumentation/graphql-spans.ts",
);

/**
 * GraphQL.js, which every server of GraphQL in Node executes with. What the
 * request is about goes onto its server span:
 * https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
 *
 * A resolver that throws makes the request fail, whatever its HTTP status;
 * what the client did wrong doesn't: see `failuresIn`. Spans of each step come
 * from OpenTelemetry's own instrumentation, where they are asked for.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const patched = hasSpans(file, services)
      ? loadGraphqlSpans().adaptor.patch(exports, file, services)
      : exports;
    if (EXECUTE.test(file.file)) patchExecute(patched as object, services);
    return patched;
  },
};

const EXECUTE = /execution\/execute\.m?js$/;

/** Up to 16; it does not know a later one. */
function hasSpans({ version }: LoadedFile, { options }: Services): boolean {
  return options["spans"] === true && Number.parseInt(version, 10) < 17;
}

interface Arguments {
  readonly document?: OperationDocument;
  readonly operationName?: string | null;
}

function patchExecute(exports: object, services: Services): void {
  for (const name of ["execute", "executeSync", "executeIgnoringIncremental"]) {
    if (!(name in exports)) continue;
    replaceMethod(exports, name, (original) => {
      return function execute(...args: unknown[]) {
        const holder = activeHolder();
        if (holder?.span === undefined) return Reflect.apply(original, this, args);
        guard(services, () => noteOperation(holder, argumentsOf(args)));
        const result = Reflect.apply(original, this, args);
        guard(services, () => watchResult(services, holder, result));
        return result;
      };
    });
  }
}

/** Until 15 they could be given one by one. */
function argumentsOf(args: readonly unknown[]): Arguments {
  if (args.length === 1) return args[0] as Arguments;
  const [, document, , , , operationName] = args;
  return { document, operationName } as Arguments;
}

/** Of a batch the first one names the request. */
function noteOperation(holder: Holder, { document, operationName }: Arguments): void {
  const { span } = holder;
  const operation = operationOf(document, operationName);
  if (span === undefined || operation === undefined || named.has(holder)) return;
  named.add(holder);
  span.setAttribute("graphql.operation.type", operation.type);
  if (operation.name !== undefined) span.setAttribute("graphql.operation.name", operation.name);
  const text = documentOf(document);
  if (text !== undefined) span.setAttribute("graphql.document", text);
  // `app.use("/graphql", …)` makes no route, but this is where it ends.
  if (holder.mount !== "") holder.route ??= holder.mount;
  // The name of a request whose route no framework knows.
  span.updateName(operation.type);
}

const named = new WeakSet<Holder>();

function watchResult(services: Services, holder: Holder, result: unknown): void {
  if (typeof (result as Partial<Promise<unknown>> | null)?.then !== "function") {
    noteFailures(holder, result);
    return;
  }
  void (result as Promise<unknown>).then(
    (settled) => guard(services, () => noteFailures(holder, settled)),
    // Whoever called hears of it.
    () => {},
  );
}

function noteFailures(holder: Holder, result: unknown): void {
  for (const failure of failuresIn(result)) holder.noteFailure(failure);
}

function guard({ diagnostics }: Services, work: () => void): void {
  try {
    work();
  } catch (error) {
    diagnostics.error("graphql", `a GraphQL operation could not be recorded: ${String(error)}`);
  }
}
