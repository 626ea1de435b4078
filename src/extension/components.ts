import type { ExtensionReport } from "./report.ts";

/** A component of OpenTelemetry's SDK that exports something. */
interface Flushable {
  forceFlush?: () => unknown;
}

/** The components of an extension that may hold telemetry back. */
export class Components {
  readonly #report: ExtensionReport;
  readonly #flushables: { readonly what: string; readonly component: Flushable }[] = [];
  #watchesEnd = false;

  constructor(report: ExtensionReport) {
    this.#report = report;
  }

  /** @param what the component, for messages. */
  add(what: string, component: object): void {
    this.#flushables.push({ what, component });
  }

  get isEmpty(): boolean {
    return this.#flushables.length === 0;
  }

  /** Flushes all components. Never rejects. */
  async flush(): Promise<void> {
    const flushes = this.#flushables.map(async ({ what, component }) =>
      this.#report.guard(
        `${what}.forceFlush`,
        "what it has not exported is lost",
        () => component.forceFlush?.() as Promise<unknown> | undefined,
      ),
    );
    await Promise.allSettled(flushes);
  }

  /**
   * Flushes when the event loop is empty, which is the end of a script. Only if the app
   * does not listen to that event: its listeners would be called twice.
   */
  flushBeforeExit(flush: () => Promise<void>): void {
    if (this.#watchesEnd || this.isEmpty) return;
    this.#watchesEnd = true;
    process.once("beforeExit", () => {
      if (process.listenerCount("beforeExit") === 0) void flush();
    });
  }
}
