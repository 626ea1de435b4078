import { describeThrown, loadAppModule } from "../files/app-module.ts";
import type { ModuleReference } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import { TimeLimit } from "../export/connection/time-limit.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import { propertyOf } from "../property.ts";
import { isThenable } from "../thenable.ts";
import { applyExtension, type ExtensionTargets } from "./apply.ts";
import { Components } from "./components.ts";
import type { EventFilters } from "../errors/filters/filter-module.ts";
import { ExtensionReport } from "./report.ts";
import { configIn, isObject } from "./values.ts";
import { readConfig } from "./read-config.ts";

/** Codes of Node: of `require`, and of `import` in an ES module. */
const NOT_FOUND: ReadonlySet<unknown> = new Set(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"]);

const NO_FILTERS: EventFilters = { beforeSend: undefined, beforeBreadcrumb: undefined };

/** Time limit of an asynchronous extension, in milliseconds. */
const TIME_LIMIT_MS = 10_000;

export interface ExtensionDeps {
  readonly reference: ModuleReference;
  /** The variable or the file that names the module, for messages. */
  readonly source: string;
  readonly report: ConstructorParameters<typeof ExtensionReport>[1];
  /** Default: 10 seconds. */
  readonly timeLimitMs?: number;
}

/** Creates the extension of the app's module, which `load` loads. */
export function createExtension(deps: ExtensionDeps): Extension {
  return new Extension(deps);
}

/** What a module of the app adds to telltale. No method throws or rejects. */
export class Extension implements Pipeline {
  readonly #deps: ExtensionDeps;
  readonly #report: ExtensionReport;
  readonly #components: Components;
  /** Resolved as soon as the module is loaded, or has failed. */
  readonly #filters: PromiseWithResolvers<EventFilters> = Promise.withResolvers();
  #settledFilters: EventFilters | undefined = undefined;
  #isOver = false;

  constructor(deps: ExtensionDeps) {
    this.#deps = deps;
    this.#report = new ExtensionReport(deps.source, deps.report);
    this.#components = new Components(this.#report);
  }

  /**
   * Loads the module and applies what it exports: before this returns, if the module is
   * synchronous, else when it is there.
   */
  load(targets: ExtensionTargets): void {
    try {
      // What it requests of a network is no traffic of the app.
      const loaded = runSuppressed(() => this.#evaluate());
      if (!isThenable(loaded)) this.#apply(loaded, targets);
      else this.#applyLater(loaded, targets);
    } catch (error) {
      this.#fail(this.#reasonOf(error));
    }
  }

  /** Returns the filters of Sentry's events; a promise until the module is loaded. */
  readonly eventFilters = (): EventFilters | Promise<EventFilters> =>
    this.#settledFilters ?? this.#filters.promise;

  flush(timeoutMs: number): Promise<void> {
    return runWithDeadline(timeoutMs, () => this.#components.flush());
  }

  /** Starts the flush of the components, of which only the synchronous part has an effect. */
  drainForExit(): ExitRequestFactory[] {
    void this.#components.flush();
    return [];
  }

  /** Returns the configuration, or a promise of it. */
  #evaluate(): unknown {
    const loaded = loadAppModule(this.#deps.reference);
    return loaded instanceof Promise
      ? loaded.then(({ exports }) => configIn(exports))
      : configIn(loaded.exports);
  }

  #applyLater(loading: PromiseLike<unknown>, targets: ExtensionTargets): void {
    const { timeLimitMs = TIME_LIMIT_MS } = this.#deps;
    const limit = new TimeLimit(timeLimitMs, () => {
      this.#fail(`received no configuration within ${timeLimitMs} ms`);
    });
    void Promise.resolve(loading).then(
      (config: unknown) => {
        limit.clear();
        if (!this.#isOver) this.#apply(config, targets);
      },
      (error: unknown) => {
        limit.clear();
        if (!this.#isOver) this.#fail(this.#reasonOf(error));
      },
    );
  }

  #apply(config: unknown, targets: ExtensionTargets): void {
    if (!isObject(config) || Array.isArray(config)) {
      this.#report.unusable(config, "an object, or a function that returns one");
      this.#settle(NO_FILTERS);
      return;
    }
    const components = readConfig(config, this.#report);
    const { beforeSend, beforeBreadcrumb } = components;
    // Functions, by the table of keys.
    this.#settle({ beforeSend, beforeBreadcrumb } as EventFilters);
    runSuppressed(() => {
      applyExtension(components, { ...targets, report: this.#report }, this.#components);
    });
    const { flushTimeoutMs } = targets.config;
    this.#components.flushBeforeExit(() => this.flush(flushTimeoutMs));
  }

  #fail(reason: string): void {
    this.#report.failed(reason);
    this.#settle(NO_FILTERS);
  }

  #settle(filters: EventFilters): void {
    this.#isOver = true;
    this.#settledFilters = filters;
    this.#filters.resolve(filters);
  }

  #reasonOf(error: unknown): string {
    if (NOT_FOUND.has(propertyOf(error, "code"))) return "it, or a module of it, is not found";
    return `it fails with ${describeThrown(error)}`;
  }
}
