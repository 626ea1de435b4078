import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { terminate, waitForExit } from "../child-process.ts";
import type { DemoView } from "./demo-view.ts";
import { textAttribute } from "./trace-drawing.ts";
import type { ReceivedSpan } from "../../testing/received.ts";
import { renderTrace } from "./render-trace.ts";
import type { DemoEnvironment } from "./scenario.ts";
import { isComplete, collectTrace } from "./collect-trace.ts";

/** Time limit for the rest of a trace, and time for items that arrive after its last span. */
const COMPLETE_TRACE_MS = 2000;
const LATE_ITEMS_MS = 300;
/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs `telltale demo -- node app.js`: starts a command with the preload, and renders
 * each of its traces that fails.
 *
 * @returns the exit code of the command, or 0 if the demo has terminated it.
 */
export async function demoCommand(
  [program = "", ...args]: readonly string[],
  environment: DemoEnvironment,
  view: DemoView,
): Promise<number> {
  const { receiver, interruption, print } = view;
  const env = await environment.variablesFor("");
  print(`telltale: receiving on ${receiver.url}; traces of failed requests are shown here`);
  const child = spawn(program, args, {
    stdio: "inherit",
    env: {
      ...env,
      NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${environment.preload.join(" ")}`.trim(),
    },
  });
  const ended = waitForExit(child).then(({ code }) => code ?? 1);
  const failures = new FailedTraces(
    view,
    `http://localhost:${env["OTEL_EXPORTER_PROMETHEUS_PORT"]}`,
  );
  const shown = failures.showAll();
  shown.catch(() => {});
  const code = await Promise.race([ended, shown, interruption.occurred]);
  if (code === undefined) await terminate(child);
  else await failures.showRest();
  return code ?? 0;
}

/** Renders each trace with an error once. */
class FailedTraces {
  readonly #view: DemoView;
  readonly #adminUrl: string;
  readonly #shownTraceIds = new Set<string>();

  constructor(view: DemoView, adminUrl: string) {
    this.#view = view;
    this.#adminUrl = adminUrl;
  }

  /** Resolves after the first trace with `--once`, otherwise never. Rejects when the receiver is closed. */
  async showAll(): Promise<void> {
    do {
      await this.#show(
        await this.#view.receiver.waitFor(() => this.#next(), "request", MAX_TIMER_MS),
      );
    } while (!this.#view.once);
  }

  /** Renders the traces that were received until the command exited. */
  async showRest(): Promise<void> {
    for (let span = this.#next(); span !== undefined; span = this.#next()) await this.#show(span);
  }

  #next(): ReceivedSpan | undefined {
    const { spans } = this.#view.receiver;
    return spans.find(
      ({ status, traceId }) => status.code === "ERROR" && !this.#shownTraceIds.has(traceId),
    );
  }

  async #show({ traceId, resource }: ReceivedSpan): Promise<void> {
    this.#shownTraceIds.add(traceId);
    const { receiver, print, style } = this.#view;
    await receiver
      .waitFor(
        ({ spans }) => isComplete(spans.filter((span) => span.traceId === traceId)),
        "root",
        COMPLETE_TRACE_MS,
      )
      // The root may belong to a service that does not export to this receiver.
      .catch(() => undefined);
    await pause(LATE_ITEMS_MS);
    const name = textAttribute(resource.attributes, "service.name");
    const services = [{ name, page: undefined, adminUrl: this.#adminUrl }];
    const trace = await collectTrace(receiver, traceId, services);
    for (const line of ["", ...renderTrace(trace, style), ""]) print(line);
  }
}
