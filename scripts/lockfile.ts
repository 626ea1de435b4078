import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./node.mjs";

/*
 * `npm run lockfile`, after a change of dependencies: enters the platform
 * packages (`@oxlint/binding-darwin-arm64`) that npm left out of the lockfile.
 * It leaves out those that a registry does not have (a mirror often holds its
 * own platform only), and then `npm ci` refuses the lockfile as incomplete, on
 * every platform. Entered without integrity, they are what other platforms
 * install, and on this one npm passes them by.
 */

interface Entry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Platform {
  readonly os: string[];
  readonly cpu: string[];
  readonly libc?: string[];
}

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };

for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const places = [`node_modules/${name}`, `${path}/node_modules/${name}`];
    if (path !== "" && !places.some((place) => place in lock.packages)) enter(name, version);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")),
);
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);

function enter(name: string, version: string): void {
  console.log(`${name}@${version} is entered without integrity`);
  const { os, cpu, libc } = platformOf(name);
  const fields = { cpu, dev: true, ...(libc && { libc }), optional: true, os };
  lock.packages[`node_modules/${name}`] = { version, ...fields };
}

/** `@oxlint/binding-linux-x64-musl` -> Linux on x64 with musl. */
function platformOf(name: string): Platform {
  const parts =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(-\w+)?$/.exec(
      name,
    );
  const [, os, cpu, abi] = parts ?? [];
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name} is not in the lockfile, and its name tells no platform`);
  }
  const libc = abi?.includes("musl") ? "musl" : "glibc";
  return { os: [os], cpu: [cpu], ...(os === "linux" && abi !== undefined && { libc: [libc] }) };
}
