import { opendir, stat } from "node:fs/promises";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";
import { shareResult, type TextReader } from "./proc-file.ts";
import { parseOpenFilesLimit } from "./proc-text.ts";

const FOLDER = "/proc/self/fd";
const MAX_AGE_MS = 1000;

/** Descriptors that are counted one by one at most, where the kernel does not count them. */
const MAX_COUNTED = 20_000;

/**
 * Observes the open descriptors and their limit, on Linux. The first has its name in
 * the Collector's host metrics: that of the conventions, `process.unix.file_descriptor.count`,
 * ends in `_count` in Prometheus, which `promtool check metrics` accepts for
 * histograms only.
 */
export function observeDescriptors(meter: StoreMeter, read: TextReader): void {
  const open = meter.createObservableUpDownCounter("process.open_file_descriptors", {
    description: "Number of UNIX file descriptors in use by the process.",
    unit: "{file_descriptor}",
    valueType: INT,
  });
  const limit = meter.createObservableUpDownCounter(
    "telltale.process.open_file_descriptors.limit",
    {
      description: "The number of file descriptors that the process may have open.",
      unit: "{file_descriptor}",
      valueType: INT,
    },
  );
  const readAll = shareResult(async () => {
    const limits = await read("/proc/self/limits");
    if (limits === undefined) return undefined;
    return { count: await countDescriptors(), limit: parseOpenFilesLimit(limits) };
  }, MAX_AGE_MS);
  meter.addBatchObservableCallback(
    async (result) => {
      const descriptors = await readAll();
      if (descriptors?.count !== undefined) result.observe(open, descriptors.count);
      if (descriptors?.limit !== undefined) result.observe(limit, descriptors.limit);
    },
    [open, limit],
  );
}

/** Counts the descriptors: from Linux 6.2 on, their number is the size of the folder. */
async function countDescriptors(): Promise<number | undefined> {
  try {
    const { size } = await stat(FOLDER);
    return size > 0 ? size : await countEntries();
  } catch {
    return undefined;
  }
}

async function countEntries(): Promise<number> {
  let count = 0;
  // The folder's own descriptor is one of them.
  for await (const _ of await opendir(FOLDER, { bufferSize: 1000 })) {
    if (++count === MAX_COUNTED) break;
  }
  return Math.max(0, count - 1);
}
