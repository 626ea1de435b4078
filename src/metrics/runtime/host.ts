import { statfs } from "node:fs/promises";
import type { BatchObservableResult, MetricOptions, Observable } from "@opentelemetry/api";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";
import { shareResult, type TextReader } from "./proc-file.ts";
import {
  type Mount,
  parseCpu,
  parseDisks,
  parseMemory,
  parseMounts,
  parseNetwork,
  type Transfer,
} from "./proc-text.ts";

/** Readers that follow each other within this time see the same values. */
const MAX_AGE_MS = 1000;

/** Mounts rarely change, and their list may be long. */
const MOUNTS_MAX_AGE_MS = 60_000;

/**
 * Observes `system.*`, read from `/proc` when they are collected; nothing on other
 * systems than Linux.
 *
 * https://opentelemetry.io/docs/specs/semconv/system/system-metrics/
 */
export function observeHost(meter: StoreMeter, read: TextReader): void {
  observeCpuAndMemory(meter, read);
  observeTransfers(meter, read);
  observeFileSystems(meter, read);
}

function observeCpuAndMemory(meter: StoreMeter, read: TextReader): void {
  const cpu = meter.createObservableCounter("system.cpu.time", {
    description: "Seconds each logical CPU spent on each mode.",
    unit: "s",
  });
  const usage = meter.createObservableUpDownCounter(
    "system.memory.usage",
    bytes("Reports memory by state."),
  );
  const limit = meter.createObservableUpDownCounter(
    "system.memory.limit",
    bytes("Total virtual memory available in the system."),
  );
  const readAll = shareResult(
    async () => [await read("/proc/stat"), await read("/proc/meminfo")] as const,
    MAX_AGE_MS,
  );
  meter.addBatchObservableCallback(
    async (result) => {
      const [stat = "", meminfo = ""] = await readAll();
      for (const [mode, seconds] of parseCpu(stat))
        result.observe(cpu, seconds, { "cpu.mode": mode });
      const memory = parseMemory(meminfo);
      const total = memory.get("MemTotal");
      const available = memory.get("MemAvailable");
      if (total === undefined || available === undefined) return;
      result.observe(limit, total);
      result.observe(usage, available, { "system.memory.state": "available" });
      result.observe(usage, total - available, { "system.memory.state": "used" });
    },
    [cpu, usage, limit],
  );
}

function observeTransfers(meter: StoreMeter, read: TextReader): void {
  const diskBytes = meter.createObservableCounter(
    "system.disk.io",
    bytes("Disk bytes transferred."),
  );
  const operations = meter.createObservableCounter("system.disk.operations", {
    description: "Disk operations count.",
    unit: "{operation}",
    valueType: INT,
  });
  const networkBytes = meter.createObservableCounter(
    "system.network.io",
    bytes("The number of bytes transmitted and received."),
  );
  const readAll = shareResult(
    async () => [await read("/proc/diskstats"), await read("/proc/net/dev")] as const,
    MAX_AGE_MS,
  );
  meter.addBatchObservableCallback(
    async (result) => {
      const [diskstats = "", dev = ""] = await readAll();
      for (const disk of parseDisks(diskstats)) {
        observeDisk(result, diskBytes, disk, [disk.bytesIn, disk.bytesOut]);
        observeDisk(result, operations, disk, [disk.operationsIn, disk.operationsOut]);
      }
      for (const { name, bytesIn, bytesOut } of parseNetwork(dev)) {
        const attributes = { "network.interface.name": name };
        const direction = "network.io.direction";
        result.observe(networkBytes, bytesIn, { ...attributes, [direction]: "receive" });
        result.observe(networkBytes, bytesOut, { ...attributes, [direction]: "transmit" });
      }
    },
    [diskBytes, operations, networkBytes],
  );
}

function observeDisk(
  result: BatchObservableResult,
  counter: Observable,
  { name }: Transfer,
  [read, written]: readonly [number, number],
): void {
  const attributes = { "system.device": name };
  result.observe(counter, read, { ...attributes, "disk.io.direction": "read" });
  result.observe(counter, written, { ...attributes, "disk.io.direction": "write" });
}

function observeFileSystems(meter: StoreMeter, read: TextReader): void {
  const usage = meter.createObservableUpDownCounter(
    "system.filesystem.usage",
    bytes("Reports a filesystem's space usage across different states."),
  );
  const mounts = shareResult(async () => {
    const text = await read("/proc/self/mountinfo");
    return parseMounts(text ?? "");
  }, MOUNTS_MAX_AGE_MS);
  const sizes = shareResult(
    async () => Promise.all((await mounts()).map((mount) => sizeOf(mount))),
    MAX_AGE_MS,
  );
  // A batch of its own: a disk that does not answer delays no other metric.
  meter.addBatchObservableCallback(
    async (result) => {
      for (const size of await sizes()) {
        if (size === undefined) continue;
        const { mount, ...states } = size;
        for (const [state, value] of Object.entries(states)) {
          result.observe(usage, value, {
            "system.device": mount.device,
            "system.filesystem.mountpoint": mount.mountpoint,
            "system.filesystem.type": mount.type,
            "system.filesystem.state": state,
          });
        }
      }
    },
    [usage],
  );
}

/** Sizes of a file system in bytes, by state. */
interface FileSystemSize {
  readonly mount: Mount;
  readonly used: number;
  readonly free: number;
  /** Free, but not for ordinary users. */
  readonly reserved: number;
}

async function sizeOf(mount: Mount): Promise<FileSystemSize | undefined> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(mount.mountpoint);
    return {
      mount,
      used: (blocks - bfree) * bsize,
      free: bavail * bsize,
      reserved: (bfree - bavail) * bsize,
    };
  } catch {
    // Not visible for this user.
    return undefined;
  }
}

function bytes(description: string): MetricOptions {
  return { description, unit: "By", valueType: INT };
}
