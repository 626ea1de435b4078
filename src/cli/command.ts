import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Watcher } from "./demo.ts";
import { pictureOf } from "./picture.ts";
import type { Stage } from "./scenario.ts";
import { isWhole, storyOfTrace } from "./story.ts";

/** How long the rest of a trace is waited for, and what belongs to it after its last span. */
const WHOLE_MS = 2000;
const LATE_MS = 300;
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
  const adminUrl = `http://localhost:${env["OTEL_EXPORTER_PROMETHEUS_PORT"]}`;
  const shown = showFailures(watcher, adminUrl);
  shown.catch(() => {});
  const code = await Promise.race([ended, shown, interruption.comes]);
  if (code !== undefined) return code;
  await end(child);
  return 0;
}

async function endOf(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** For ever, or until the first picture. Rejects when the receiver is closed. */
async function showFailures(watcher: Watcher, adminUrl: string): Promise<void> {
  const { receiver, print, paint } = watcher;
  const shown = new Set<string>();
  do {
    const span = await receiver.waitFor(
      ({ spans }) => spans.find((one) => one.status.code === "ERROR" && !shown.has(one.traceId)),
      2 ** 31 - 1,
    );
    const { traceId } = span;
    shown.add(traceId);
    await receiver
      .waitFor(({ spans }) => isWhole(spans.filter((one) => one.traceId === traceId)), WHOLE_MS)
      // Its root may be in a service that is not ours to see.
      .catch(() => undefined);
    await pause(LATE_MS);
    const name = span.resource.attributes["service.name"];
    const service = { name: typeof name === "string" ? name : "?", page: undefined, adminUrl };
    const story = await storyOfTrace(receiver, traceId, [service]);
    for (const line of ["", ...pictureOf(story, paint), ""]) print(line);
  } while (!watcher.once);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await gone;
  clearTimeout(late);
}
