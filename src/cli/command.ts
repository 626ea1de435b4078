import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Watcher } from "./watcher.ts";
import { attributeOf } from "./drawing.ts";
import type { ReceivedSpan } from "../receiver/received.ts";
import { pictureOf } from "./picture.ts";
import type { Stage } from "./scenario.ts";
import { isWhole, storyOfTrace } from "./story.ts";

/** How long the rest of a trace is waited for, and what belongs to it after its last span. */
const WHOLE_MS = 2000;
const LATE_MS = 300;
/** The longest that a timer can wait. */
const FOR_EVER = 2 ** 31 - 1;
/** How long a command may take to end once it was asked to. */
const END_MS = 5000;

/**
 * `telltale demo -- node app.js`: a service of somebody's own, and a picture of
 * each trace that fails.
 *
 * @returns the exit code: the command's own, unless we ended it.
 */
export async function showCommand(
  [program = "", ...args]: readonly string[],
  stage: Stage,
  watcher: Watcher,
): Promise<number> {
  const { receiver, interruption, print } = watcher;
  const env = await stage.environmentOf("");
  print(`telltale: receiving on ${receiver.url}; a request that fails shows up here`);
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...env, NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${stage.preload.join(" ")}`.trim() },
  });
  const ended = endOf(child);
  const failures = new Failures(
    watcher,
    `http://localhost:${env["OTEL_EXPORTER_PROMETHEUS_PORT"]}`,
  );
  const shown = failures.showAll();
  shown.catch(() => {});
  const code = await Promise.race([ended, shown, interruption.comes]);
  if (code === undefined) await end(child);
  else await failures.showRest();
  return code ?? 0;
}

async function endOf(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** The traces with an error, each shown once. */
class Failures {
  readonly #watcher: Watcher;
  readonly #adminUrl: string;
  readonly #shown = new Set<string>();

  constructor(watcher: Watcher, adminUrl: string) {
    this.#watcher = watcher;
    this.#adminUrl = adminUrl;
  }

  /** For ever, or until the first picture. Rejects when the receiver is closed. */
  async showAll(): Promise<void> {
    do {
      await this.#show(
        await this.#watcher.receiver.waitFor(() => this.#next(), "request", FOR_EVER),
      );
    } while (!this.#watcher.once);
  }

  /** Those that came when the command ended. */
  async showRest(): Promise<void> {
    for (let span = this.#next(); span !== undefined; span = this.#next()) await this.#show(span);
  }

  #next(): ReceivedSpan | undefined {
    const { spans } = this.#watcher.receiver;
    return spans.find(
      ({ status, traceId }) => status.code === "ERROR" && !this.#shown.has(traceId),
    );
  }

  async #show({ traceId, resource }: ReceivedSpan): Promise<void> {
    this.#shown.add(traceId);
    const { receiver, print, paint } = this.#watcher;
    await receiver
      .waitFor(
        ({ spans }) => isWhole(spans.filter((one) => one.traceId === traceId)),
        "root",
        WHOLE_MS,
      )
      // Its root may be in a service that is not ours to see.
      .catch(() => undefined);
    await pause(LATE_MS);
    const name = attributeOf(resource.attributes, "service.name");
    const services = [{ name, page: undefined, adminUrl: this.#adminUrl }];
    const story = await storyOfTrace(receiver, traceId, services);
    for (const line of ["", ...pictureOf(story, paint), ""]) print(line);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await gone;
  clearTimeout(late);
}
