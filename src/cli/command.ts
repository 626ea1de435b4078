import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { DemoView } from "./demo-view.ts";
import { textAttribute } from "./trace-drawing.ts";
import type { ReceivedSpan } from "../testing/received.ts";
import { renderTrace } from "./render-trace.ts";
import type { DemoEnvironment } from "./scenario.ts";
import { isComplete, collectTrace } from "./collect-trace.ts";

/** How long the rest of a trace is waited for, and what belongs to it after its last span. */
const COMPLETE_TRACE_MS = 2000;
const LATE_ITEMS_MS = 300;
/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** How long a command may take to end once it was asked to. */
const KILL_AFTER_MS = 5000;

/**
 * `telltale demo -- node app.js`: a service of somebody's own, and a picture of
 * each trace that fails.
 *
 * @returns the exit code: the command's own, unless we ended it.
 */
export async function demoCommand(
  [program = "", ...args]: readonly string[],
  environment: DemoEnvironment,
  view: DemoView,
): Promise<number> {
  const { receiver, interruption, print } = view;
  const env = await environment.variablesFor("");
  print(`telltale: receiving on ${receiver.url}; a request that fails shows up here`);
  const child = spawn(program, args, {
    stdio: "inherit",
    env: {
      ...env,
      NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${environment.preload.join(" ")}`.trim(),
    },
  });
  const ended = waitForExit(child);
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

async function waitForExit(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** The traces with an error, each shown once. */
class FailedTraces {
  readonly #view: DemoView;
  readonly #adminUrl: string;
  readonly #shownTraceIds = new Set<string>();

  constructor(view: DemoView, adminUrl: string) {
    this.#view = view;
    this.#adminUrl = adminUrl;
  }

  /** For ever, or until the first picture. Rejects when the receiver is closed. */
  async showAll(): Promise<void> {
    do {
      await this.#show(
        await this.#view.receiver.waitFor(() => this.#next(), "request", MAX_TIMER_MS),
      );
    } while (!this.#view.once);
  }

  /** Those that came when the command ended. */
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
        ({ spans }) => isComplete(spans.filter((one) => one.traceId === traceId)),
        "root",
        COMPLETE_TRACE_MS,
      )
      // Its root may be in a service that is not ours to see.
      .catch(() => undefined);
    await pause(LATE_ITEMS_MS);
    const name = textAttribute(resource.attributes, "service.name");
    const services = [{ name, page: undefined, adminUrl: this.#adminUrl }];
    const trace = await collectTrace(receiver, traceId, services);
    for (const line of ["", ...renderTrace(trace, style), ""]) print(line);
  }
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const killTimer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  await exited;
  clearTimeout(killTimer);
}
