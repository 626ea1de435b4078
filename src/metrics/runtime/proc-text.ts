/*
 * Parsers of files of Linux: https://man7.org/linux/man-pages/man5/proc.5.html. They
 * ignore what they do not know, and never throw.
 */

/** Values of a text by name. */
export type Fields = ReadonlyMap<string, number>;

/** Ticks of a second in `/proc`: `USER_HZ`, which is 100 on every architecture that Node supports. */
const TICKS = 100;

/** The fields of the first line of `/proc/stat`, as modes of the conventions. */
const cpuModes = [
  ...["user", "nice", "system", "idle", "iowait", "interrupt", "interrupt", "steal"],
] as const;

/** Parses `/proc/stat`: seconds by mode, of all CPUs together. */
export function parseCpu(text: string): Fields {
  const [label, ...ticks] = text.split("\n", 1).join("").trim().split(/\s+/);
  const ticksByMode = new Map<string, number>();
  if (label !== "cpu") return ticksByMode;
  for (const [place, mode] of cpuModes.entries()) {
    const value = Number(ticks[place]);
    // Virtual machines may report fewer fields.
    if (value >= 0) ticksByMode.set(mode, (ticksByMode.get(mode) ?? 0) + value);
  }
  return new Map([...ticksByMode].map(([mode, value]) => [mode, value / TICKS]));
}

/** Parses `/proc/meminfo`: bytes by name. */
export function parseMemory(text: string): Fields {
  const bytes = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", value = ""] = line.split(":", 2);
    const kilobytes = Number.parseInt(value, 10);
    if (kilobytes >= 0) bytes.set(name, kilobytes * 1024);
  }
  return bytes;
}

/** Parses lines of a name and a number, as in `cpu.stat` and `memory.events`. */
export function parseFields(text: string): Fields {
  const fields = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", value = ""] = line.split(" ", 2);
    const number = Number.parseInt(value, 10);
    if (number >= 0) fields.set(name, number);
  }
  return fields;
}

/** Bytes and operations in two directions. */
export interface Transfer {
  readonly name: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly operationsIn: number;
  readonly operationsOut: number;
}

/** Devices and interfaces that are reported at most. */
const MAX_NAMES = 16;

/** Parts of disks, and devices without a disk of their own. */
const NO_DISK =
  /^(?:loop|ram|zram|sr|fd|md|dm-)\d|^(?:[shv]d|xvd)[a-z]{1,3}\d|^(?:nvme\d{1,3}n|mmcblk)\d{1,3}p\d/;

/** The unit of `/proc/diskstats`, whatever the sectors of the disk. */
const SECTOR_BYTES = 512;

/** Parses `/proc/diskstats`: what was read (in) and written (out), by whole disk. */
export function parseDisks(text: string): readonly Transfer[] {
  return transfersIn(text, NO_DISK, (line) => {
    const [, , name = "", reads, , sectorsRead, , writes, , sectorsWritten] = line
      .trim()
      .split(/\s+/);
    return {
      name,
      bytesIn: Number(sectorsRead) * SECTOR_BYTES,
      bytesOut: Number(sectorsWritten) * SECTOR_BYTES,
      operationsIn: Number(reads),
      operationsOut: Number(writes),
    };
  });
}

/** Interfaces between containers and their host, whose names are random; their traffic is counted on others. */
const NO_INTERFACE =
  /^(?:veth|cali|lxc|cilium|br-|docker|virbr|tap|flannel|cni|kube-|nodelocaldns|ifb|dummy)/;

/** Parses `/proc/net/dev`: what was received (in) and transmitted (out), by interface. */
export function parseNetwork(text: string): readonly Transfer[] {
  return transfersIn(text, NO_INTERFACE, (line) => {
    const at = line.lastIndexOf(":");
    const counts = line
      .slice(at + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    return {
      name: at === -1 ? "" : line.slice(0, at).trim(),
      bytesIn: counts[0] ?? Number.NaN,
      bytesOut: counts[8] ?? Number.NaN,
      operationsIn: counts[1] ?? Number.NaN,
      operationsOut: counts[9] ?? Number.NaN,
    };
  });
}

function transfersIn(
  text: string,
  excluded: RegExp,
  parse: (line: string) => Transfer,
): readonly Transfer[] {
  const transfers: Transfer[] = [];
  // The last line is incomplete if the text was truncated.
  for (const line of text.split("\n").slice(0, -1)) {
    if (transfers.length === MAX_NAMES) break;
    const transfer = parse(line);
    const { name, bytesIn, bytesOut } = transfer;
    if (name !== "" && bytesIn >= 0 && bytesOut >= 0 && !excluded.test(name))
      transfers.push(transfer);
  }
  return transfers;
}

/** A mounted file system. */
export interface Mount {
  readonly device: string;
  readonly mountpoint: string;
  readonly type: string;
}

/**
 * File systems of local disks. Others are left out: those in memory have no disk, and
 * asking one of a network for its size may block for minutes.
 */
const localTypes = new Set([
  "ext2",
  "ext3",
  "ext4",
  "xfs",
  "btrfs",
  "zfs",
  "f2fs",
  "jfs",
  "bcachefs",
  "overlay",
  "vfat",
]);

/** Single files and parts of other file systems that runtimes mount. */
const INTERNAL =
  /^\/(?:dev|etc|proc|sys|run|snap|boot|var\/lib\/(?:docker|containerd|kubelet))(?:\/|$)/;

/** Parses `/proc/self/mountinfo`: local file systems, each once, at its shortest path. */
export function parseMounts(text: string): readonly Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [left = "", right = ""] = line.split(" - ", 2);
    const [, , number = "", , path = ""] = left.split(" ");
    const [type = "", device = ""] = right.split(" ");
    const mountpoint = unescapePath(path);
    if (!localTypes.has(type) || INTERNAL.test(mountpoint)) continue;
    const known = byDevice.get(number);
    if (known !== undefined && known.mountpoint.length <= mountpoint.length) continue;
    byDevice.set(number, { device: unescapePath(device), mountpoint, type });
  }
  return [...byDevice.values()].slice(0, MAX_NAMES);
}

/** Decodes the octal escapes of spaces and backslashes. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Parses `/proc/self/limits`: the soft limit of open files; undefined if there is none. */
export function parseOpenFilesLimit(text: string): number | undefined {
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Times of a thread in seconds, as the scheduler of Linux counts them. */
export interface ThreadTimes {
  /** Time on a CPU. */
  readonly cpuTime: number;
  /** Time in which it was ready to run, but had no CPU. */
  readonly runDelay: number;
}

/**
 * Parses `/proc/self/schedstat`: those of the main thread; undefined if there are none.
 * https://docs.kernel.org/scheduler/sched-stats.html
 */
export function parseThreadTimes(text: string): ThreadTimes | undefined {
  const [, cpu, delay] = /^(\d{1,20}) (\d{1,20}) /.exec(text) ?? [];
  if (cpu === undefined || delay === undefined || Number(cpu) === 0) return undefined;
  return { cpuTime: Number(cpu) / 1e9, runDelay: Number(delay) / 1e9 };
}

/** Parses `/proc/self/cgroup`: paths by controller; that of version 2 has the name "". */
export function parseControlGroups(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    if (controllers === undefined || path.length === 0) continue;
    for (const controller of controllers.split(",")) paths.set(controller, path.join(":"));
  }
  return paths;
}
