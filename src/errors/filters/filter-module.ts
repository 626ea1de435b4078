import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Event, EventHint } from "@sentry/core";
import type { ModuleReference } from "../../config/config.ts";
import { ROOT_CONTEXT } from "../../context/context.ts";
import { runWithContext } from "../../context/manager.ts";
import type { Breadcrumb } from "../../api.ts";
import { isObject, readProperty } from "../readable-error.ts";

/** The filters of an app, named and called as Sentry's options. Their results may be anything. */
export interface EventFilters {
  readonly beforeSend: ((event: Event, hint: EventHint) => unknown) | undefined;
  readonly beforeBreadcrumb: ((breadcrumb: Breadcrumb) => unknown) | undefined;
}

/** Why a module of the app has no filters, without any text of the app. */
export class FilterModuleError {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

type LoadResult = EventFilters | FilterModuleError;

/**
 * Loads the filters that a module exports, as `beforeSend` and `beforeBreadcrumb`, or a
 * function as the default export. `require` loads CommonJS and ES modules at once, and
 * TypeScript where Node strips types. A module that awaits at its top level, or that is
 * being loaded right now, is loaded asynchronously. Never throws or rejects.
 */
export function loadFilters(reference: ModuleReference): LoadResult | Promise<LoadResult> {
  // Not as a part of the request that needs them first.
  return runWithContext(ROOT_CONTEXT, () => load(reference));
}

function load({ specifier, folder }: ModuleReference): LoadResult | Promise<LoadResult> {
  try {
    const require = createRequire(join(folder, "telltale.js"));
    const file = resolve(require, specifier);
    try {
      return filtersOf(require(file));
    } catch (error) {
      if (!ASYNCHRONOUS.has(readProperty(error, "code"))) throw error;
      return import(pathToFileURL(file).href).then(filtersOf, failureOf);
    }
  } catch (error) {
    return failureOf(error);
  }
}

/** Codes of Node for modules that only `import` can load. */
const ASYNCHRONOUS: ReadonlySet<unknown> = new Set([
  "ERR_REQUIRE_ASYNC_MODULE",
  "ERR_REQUIRE_CYCLE_MODULE",
]);

/** Resolves the name of a package, or a path with or without `./`. */
function resolve(require: NodeJS.Require, specifier: string): string {
  try {
    return require.resolve(specifier);
  } catch (error) {
    try {
      return require.resolve(`./${specifier}`);
    } catch {
      throw error;
    }
  }
}

function filtersOf(exports: unknown): LoadResult {
  const exported = readProperty(exports, "default");
  // CommonJS: the module is the function. ES modules that were compiled to it have two defaults.
  const candidates = [exports, exported, readProperty(exported, "default")];
  const find = (name: string): unknown =>
    candidates.map((from) => readProperty(from, name)).find((value) => typeof value === "function");
  const beforeSend =
    find("beforeSend") ?? candidates.find((candidate) => typeof candidate === "function");
  const beforeBreadcrumb = find("beforeBreadcrumb");
  if (beforeSend === undefined && beforeBreadcrumb === undefined)
    return new FilterModuleError("it exports no function beforeSend");
  return { beforeSend, beforeBreadcrumb } as EventFilters;
}

function failureOf(error: unknown): FilterModuleError {
  const code = readProperty(error, "code");
  if (code === "MODULE_NOT_FOUND")
    return new FilterModuleError("it, or a module of it, is not found");
  return new FilterModuleError(`it fails with ${describeThrown(error)}`);
}

/** Describes an error by its class, code and place. Its message may have secrets. */
export function describeThrown(error: unknown): string {
  if (!isObject(error)) return `a ${typeof error}`;
  const [name, code, stack] = ["name", "code", "stack"].map((key) => readProperty(error, key));
  const [, place] = /\n +at ([^\n]{1,200})/.exec(String(stack).slice(0, MAX_STACK_LENGTH)) ?? [];
  return [
    typeof name === "string" ? name : "an object",
    ...(typeof code === "string" ? [`(${code})`] : []),
    ...(place === undefined ? [] : [`at ${place}`]),
  ].join(" ");
}

const MAX_STACK_LENGTH = 10_000;
