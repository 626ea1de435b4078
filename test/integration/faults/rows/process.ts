import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findInPath } from "../../../../scripts/test/programs.ts";
import { EVENTS, type Fault, LOGS, type Preparation, round, SPANS } from "../fault.ts";
import { status } from "../peers.ts";
import {
  cannotSend,
  delivered,
  otlp,
  retried,
  sentLater,
  triedThreeTimes,
  unreachable,
} from "./cells.ts";

/** The library of the program faketime. */
const [FAKETIME] = globSync("/usr/lib/*/faketime/libfaketime.so.1");

const MEMORY_ROUNDS = 20;

function rounds(count: number): NonNullable<Fault["created"]> {
  return { traces: SPANS * count, logs: LOGS * count, errors: EVENTS * count };
}

/** Prepares a clock that jumps. */
function jumpingClock(): Preparation | undefined {
  if (FAKETIME === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "telltale-faults-clock-"));
  const file = join(folder, "offset");
  const set = (offset: string): void => writeFileSync(file, `${offset}\n`);
  set("+0");
  return {
    env: {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
    clean: () => rmSync(folder, { recursive: true }),
  };
}

/** Prepares a file system of its own for log files, stored events and temporary files. */
function fileSystem(options: string, fill: string): Preparation | undefined {
  const folder = mkdtempSync(join(tmpdir(), "telltale-faults-disk-"));
  const script = `mount -t tmpfs -o ${options} tmpfs "$0" && { ${fill}; } 2> /dev/null; exec "$@"`;
  const launcher = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, folder];
  const clean = (): void => rmSync(folder, { recursive: true });
  const [command = "", ...args] = launcher;
  if (spawnSync(command, [...args, "true"]).status !== 0) {
    clean();
    return undefined;
  }
  return {
    launcher,
    cwd: folder,
    env: {
      TMPDIR: folder,
      TELLTALE_LOG_DIR: join(folder, "telltale/logs"),
      TELLTALE_SENTRY_SPOOL_DIR: join(folder, "telltale/events"),
    },
    clean,
  };
}

/** An outage, during which events would be stored. */
const onceUnavailable: Pick<Fault, "peer" | "cells"> = {
  peer: status(503, {}, 1),
  cells: otlp(sentLater, { ...sentLater, line: /^Sentry at \S+ answers 503/ }),
};

const diskLines = (code: string): readonly RegExp[] => [
  new RegExp(`events can't be stored in .*${code}`),
  new RegExp(`(application\\.log can't be written|TELLTALE_LOG_DIR: ).*${code}`),
  /lines could not be written to .* at the end/,
];

export const processFaults: readonly Fault[] = [
  {
    group: "Process and host",
    title: "the clock is set forward and back by an hour",
    prepare: async () => jumpingClock(),
    work: async (service, { set }) => {
      await round(service);
      for (const offset of ["+1h", "-1h"]) {
        await set?.(offset);
        await round(service);
      }
    },
    created: rounds(3),
    cells: otlp(delivered, delivered),
  },
  {
    group: "Process and host",
    title: "more items at once than the queues hold",
    env: { OTEL_BSP_MAX_QUEUE_SIZE: "8", OTEL_BLRP_MAX_QUEUE_SIZE: "8" },
    work: (service) => service.request("/work?spans=99&logs=100&events=300"),
    created: { traces: 100, logs: 100, errors: 300 },
    cells: {
      traces: {
        ...{ result: "sent", reason: "queue_full", count: "some" },
        line: /^the queue of spans is full \(8\)/,
      },
      metrics: delivered,
      logs: {
        ...{ result: "sent", reason: "queue_full", count: "some" },
        line: /^the queue of log records is full \(8\)/,
      },
      errors: {
        ...{ result: "sent", reason: "queue_full", count: "some" },
        line: /^the queue of Sentry events is full/,
      },
    },
  },
  {
    group: "Process and host",
    title: "the event loop is blocked for 10 s, longer than the time limit of exports",
    work: async (service) => {
      await round(service);
      await service.request("/block?ms=10000");
      await round(service);
    },
    created: { traces: SPANS * 2 + 1, logs: LOGS * 2, errors: EVENTS * 2 },
    env: { OTEL_BSP_SCHEDULE_DELAY: "100" },
    cells: otlp(delivered, delivered),
  },
  {
    group: "Process and host",
    title: "little memory is left (a heap of 64 MB)",
    prepare: async () => ({ flags: ["--max-old-space-size=64"] }),
    env: { OTEL_BSP_SCHEDULE_DELAY: "100" },
    work: async (service) => {
      await service.request("/fill-memory?mb=30");
      for (let index = 0; index < MEMORY_ROUNDS; index++) await round(service);
    },
    created: {
      traces: SPANS * MEMORY_ROUNDS + 1,
      logs: LOGS * MEMORY_ROUNDS,
      errors: EVENTS * MEMORY_ROUNDS,
    },
    cells: otlp(delivered, delivered),
  },
  {
    group: "Process and host",
    title: "no file descriptor is left",
    prepare: async () =>
      findInPath("prlimit") === undefined ? undefined : { launcher: ["prlimit", "--nofile=80"] },
    work: async (service) => {
      await service.request("/exhaust-descriptors");
      await round(service);
    },
    env: {
      OTEL_BSP_SCHEDULE_DELAY: "100",
      // The first export is to find no descriptor: a connection from before would be used again.
      OTEL_METRIC_EXPORT_INTERVAL: "20000",
    },
    created: { traces: SPANS + 1, logs: LOGS, errors: EVENTS },
    end: (service) => service.request("/release-descriptors"),
    cells: otlp(
      { ...retried(cannotSend("the process has no file descriptor left")), isUncounted: true },
      { ...triedThreeTimes(unreachable("EMFILE")), isUncounted: true },
    ),
  },
  {
    group: "Process and host",
    title: "the disk is full",
    prepare: async () => fileSystem("size=1m", 'cat /dev/zero > "$0/ballast"'),
    lines: diskLines("ENOSPC"),
    ...onceUnavailable,
  },
  {
    group: "Process and host",
    title: "the file system is read-only",
    prepare: async () => fileSystem("size=1m,ro", "true"),
    lines: diskLines("EROFS"),
    ...onceUnavailable,
  },
];
