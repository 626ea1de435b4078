import { lazy } from "../../../lazy.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { serverErrorsIn } from "./execution-errors.ts";
import { graphqlOperation, type OperationDocument, sanitizedDocument } from "./operation.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { patchServer } from "./server-errors.ts";

const loadGraphqlSpans = lazy<typeof import("./execution-spans.ts")>(
  "instrumentation/rpc/graphql/execution-spans.ts",
);

/**
 * GraphQL.js, which executes the operations of all GraphQL servers in Node. The
 * operation is recorded on the server span of its request:
 * https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
 *
 * A resolver that throws fails the request, whatever its HTTP status. Errors of the
 * client don't: see `serverErrorsIn`. Spans of each step are those of
 * OpenTelemetry's instrumentation, where the option `spans` is set.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    if (patchServer(exports as object, file)) return exports;
    const patched = hasSpans(file, deps)
      ? loadGraphqlSpans().adaptor.patch(exports, file, deps)
      : exports;
    if (EXECUTE.test(file.file)) patchExecute(patched as object, deps);
    return patched;
  },
};

const EXECUTE = /execution\/execute\.m?js$/;

/** Upstream's instrumentation supports versions up to 16. */
function hasSpans({ version }: LoadedFile, { options }: AdaptorDeps): boolean {
  return options["spans"] === true && Number.parseInt(version, 10) < 17;
}

interface Arguments {
  readonly document?: OperationDocument;
  readonly operationName?: string | null;
}

function patchExecute(exports: object, deps: AdaptorDeps): void {
  for (const name of ["execute", "executeSync", "executeIgnoringIncremental"]) {
    if (!(name in exports)) continue;
    replaceMethod(exports, name, (original) => {
      return function execute(...args: unknown[]) {
        const unit = activeRouteRecorder();
        if (unit?.span === undefined) return Reflect.apply(original, this, args);
        guard(deps, () => recordOperation(unit, argumentsOf(args)));
        try {
          const result = Reflect.apply(original, this, args);
          guard(deps, () => recordResult(deps, unit, result));
          return result;
        } catch (error) {
          // Of an invalid schema. It counts if the server responds with a 5xx.
          unit.recordError(error);
          throw error;
        }
      };
    });
  }
}

/** Until 15 the arguments could be passed one by one. */
function argumentsOf(args: readonly unknown[]): Arguments {
  if (args.length === 1) return args[0] as Arguments;
  const [, document, , , , operationName] = args;
  return { document, operationName } as Arguments;
}

/** Records the operation on the request; of a batch, the first one. */
function recordOperation(unit: RouteRecorder, { document, operationName }: Arguments): void {
  const { span } = unit;
  const operation = graphqlOperation(document, operationName);
  if (span === undefined || operation === undefined || namedUnits.has(unit)) return;
  namedUnits.add(unit);
  span.setAttribute("graphql.operation.type", operation.type);
  if (operation.name !== undefined) span.setAttribute("graphql.operation.name", operation.name);
  const text = sanitizedDocument(document);
  if (text !== undefined) span.setAttribute("graphql.document", text);
  // `app.use("/graphql", …)` creates no route, but no other handler follows.
  if (unit.mountPath !== "") unit.route ??= unit.mountPath;
  // Replaces the name of a request without a route.
  span.updateName(operation.type);
}

const namedUnits = new WeakSet<RouteRecorder>();

function recordResult(deps: AdaptorDeps, unit: RouteRecorder, result: unknown): void {
  if (typeof (result as Partial<Promise<unknown>> | null)?.then !== "function") {
    recordFailures(unit, result);
    return;
  }
  void (result as Promise<unknown>).then(
    (settled) => guard(deps, () => recordFailures(unit, settled)),
    (error: unknown) => unit.recordError(error),
  );
}

function recordFailures(unit: RouteRecorder, result: unknown): void {
  for (const failure of serverErrorsIn(result)) unit.recordFailure(failure);
}

function guard({ diagnostics }: AdaptorDeps, work: () => void): void {
  tryOrReport(diagnostics, "graphql", "a GraphQL operation could not be recorded", work);
}
