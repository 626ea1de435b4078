import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./node.mjs";

/*
 * `npm run lockfile`, after a change of dependencies: completes the lockfiles
 * of the root and of the tests' groups of libraries.
 *
 * It adds the platform packages (`@oxlint/binding-darwin-arm64`) that npm leaves
 * out when the registry does not have them (a mirror often holds its own platform
 * only): without them `npm ci` refuses the lockfile as incomplete on every
 * platform. They have no integrity, and npm skips them on this platform.
 *
 * It removes the registry's addresses, which npm omits only with a setting in
 * `.npmrc`.
 */

interface Entry {
  resolved?: string;
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Platform {
  readonly os: string[];
  readonly cpu: string[];
  readonly libc?: string[];
}

interface Lockfile {
  packages: Record<string, Entry>;
}

const groups = globSync("test/libraries/*/package-lock.json", { cwd: root });
for (const file of ["package-lock.json", ...groups]) completeLockfile(join(root, file));

function completeLockfile(file: string): void {
  const lock = JSON.parse(readFileSync(file, "utf8")) as Lockfile;
  for (const [path, entry] of Object.entries(lock.packages)) {
    delete entry.resolved;
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const places = [`node_modules/${name}`, `${path}/node_modules/${name}`];
      if (path !== "" && !places.some((place) => place in lock.packages)) {
        lock.packages[`node_modules/${name}`] = platformEntry(name, version);
      }
    }
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")),
  );
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
}

function platformEntry(name: string, version: string): Entry {
  console.log(`${name}@${version} is entered without integrity`);
  const { os, cpu, libc } = platformOf(name);
  const fields = { cpu, dev: true, ...(libc && { libc }), optional: true, os };
  return { version, ...fields };
}

/** `@oxlint/binding-linux-x64-musl` -> Linux on x64 with musl. */
function platformOf(name: string): Platform {
  const parts =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(-\w+)?$/.exec(
      name,
    );
  const [, os, cpu, abi] = parts ?? [];
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name} is not in the lockfile, and its name has no platform`);
  }
  const libc = abi?.includes("musl") ? "musl" : "glibc";
  return { os: [os], cpu: [cpu], ...(os === "linux" && abi !== undefined && { libc: [libc] }) };
}
