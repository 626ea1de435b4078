import { lazy } from "../../../lazy.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import {
  sanitizedDocument,
  serverErrorsIn,
  type OperationDocument,
  graphqlOperation,
} from "./operation.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

const loadGraphqlSpans = lazy<typeof import("./execution-spans.ts")>(
  "instrumentation/rpc/graphql/execution-spans.ts",
);

/**
 * GraphQL.js, which every server of GraphQL in Node executes with. What the
 * request is about goes onto its server span:
 * https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
 *
 * A resolver that throws makes the request fail, whatever its HTTP status;
 * what the client did wrong doesn't: see `serverErrorsIn`. Spans of each step come
 * from OpenTelemetry's own instrumentation, where they are asked for.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const patched = hasSpans(file, deps)
      ? loadGraphqlSpans().adaptor.patch(exports, file, deps)
      : exports;
    if (EXECUTE.test(file.file)) patchExecute(patched as object, deps);
    return patched;
  },
};

const EXECUTE = /execution\/execute\.m?js$/;

/** Up to 16; it does not know a later one. */
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
        const result = Reflect.apply(original, this, args);
        guard(deps, () => recordResult(deps, unit, result));
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
function recordOperation(unit: RouteRecorder, { document, operationName }: Arguments): void {
  const { span } = unit;
  const operation = graphqlOperation(document, operationName);
  if (span === undefined || operation === undefined || namedUnits.has(unit)) return;
  namedUnits.add(unit);
  span.setAttribute("graphql.operation.type", operation.type);
  if (operation.name !== undefined) span.setAttribute("graphql.operation.name", operation.name);
  const text = sanitizedDocument(document);
  if (text !== undefined) span.setAttribute("graphql.document", text);
  // `app.use("/graphql", …)` makes no route, but this is where it ends.
  if (unit.mountPath !== "") unit.route ??= unit.mountPath;
  // The name of a request whose route no framework knows.
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
    // Whoever called hears of it.
    () => {},
  );
}

function recordFailures(unit: RouteRecorder, result: unknown): void {
  for (const failure of serverErrorsIn(result)) unit.recordFailure(failure);
}

function guard({ diagnostics }: AdaptorDeps, work: () => void): void {
  tryOrReport(diagnostics, "graphql", "a GraphQL operation could not be recorded", work);
}
