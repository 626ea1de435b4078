import { execFile } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SIZE = "8m";

/** A mounted file system of 8 MiB. */
export interface SmallDisk {
  readonly path: string;
  /** Writes until there is no space left. */
  fill(): void;
  /** Removes what {@link fill} has written. */
  empty(): void;
  unmount(): Promise<void>;
}

/**
 * Mounts an overlay, as the root of a container is one, with its upper layer in memory. A file
 * system in memory alone is no disk, and services don't report it.
 *
 * @throws Error if this user can't mount
 */
export async function mountSmallDisk(): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-disk-"));
  const [memory, path] = [join(folder, "memory"), join(folder, "mounted")];
  mkdirSync(memory);
  mkdirSync(path);
  const unmount = async (...mounted: readonly string[]): Promise<void> => {
    for (const one of mounted) await run("umount", [one]);
    rmSync(folder, { recursive: true, force: true });
  };
  await mount(["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", memory], () => unmount());
  const [lower, upper, work] = ["lower", "upper", "work"].map((name) => join(memory, name));
  for (const one of [lower, upper, work]) mkdirSync(one!);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await mount(["-t", "overlay", "-o", layers, "overlay", path], () => unmount(memory));
  const file = join(path, "core.dump");
  return {
    path,
    fill: () => fillBy(file),
    empty: () => rmSync(file, { force: true }),
    unmount: () => unmount(path, memory),
  };
}

async function mount(args: readonly string[], onFailure: () => Promise<void>): Promise<void> {
  try {
    await run("mount", args);
  } catch (error) {
    await onFailure();
    throw error;
  }
}

function fillBy(file: string): void {
  const chunk = Buffer.alloc(64 * 1024, 1);
  const descriptor = openSync(file, "w");
  try {
    for (;;) writeSync(descriptor, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(descriptor);
  }
}
