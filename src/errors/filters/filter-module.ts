import type { Event, EventHint } from "@sentry/core";
import type { ModuleReference } from "../../config/config.ts";
import { describeThrown, loadAppModule } from "../../files/app-module.ts";
import { ROOT_CONTEXT } from "../../context/context.ts";
import { runWithContext } from "../../context/manager.ts";
import type { Breadcrumb } from "../../api.ts";
import { readProperty } from "../readable-error.ts";

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

function load(reference: ModuleReference): LoadResult | Promise<LoadResult> {
  try {
    const loaded = loadAppModule(reference);
    if (!(loaded instanceof Promise)) return filtersOf(loaded.exports);
    return loaded.then(({ exports }) => filtersOf(exports), failureOf);
  } catch (error) {
    return failureOf(error);
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
