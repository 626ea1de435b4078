import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "./bundled-file.ts";
import { packagePathOf } from "./packages.ts";
import { root, staging } from "./paths.ts";

/**
 * The maximum size of `start.js`, in bytes. Every process reads, parses and runs
 * it, within a budget of 50 ms with Sentry (design.md): 1 kB costs 0.02 ms. The tables of libraries
 * and variables are a tenth of it, 400 bytes for each variable with its description.
 * The functions of the public API are 2,000 bytes: they have to work before Sentry is
 * loaded, and without it.
 */
const START_BUDGET = 524_500;

/** Packages that only some processes need, and that belong into lazy modules. */
const LAZY_PACKAGES = [
  /^@opentelemetry\/sdk-/,
  /^@opentelemetry\/exporter-/,
  /^@opentelemetry\/otlp-/,
  /^@opentelemetry\/instrumentation/,
  /^@opentelemetry\/configuration$/,
  /^@sentry\//,
  /^@grpc\//,
  /^protobufjs$/,
];

/** Returns the problems of `dist/`, one line each. */
export function findDistProblems(bundle: Bundle): string[] {
  return [...startProblems(bundle), ...machinePaths()];
}

function startProblems(bundle: Bundle): string[] {
  const start = bundle.get("start.js");
  if (start === undefined) return [];
  const packages = new Set([...start.inputs.keys()].map(nameOfPackage));
  const heavy = [...packages].filter((name) => LAZY_PACKAGES.some((pattern) => pattern.test(name)));
  const problems = heavy.map(
    (name) => `start.js contains ${name}, which belongs into a lazy module`,
  );
  if (start.bytes > START_BUDGET) {
    problems.push(`start.js has ${start.bytes} bytes, more than its budget of ${START_BUDGET}`);
  }
  if (start.imports.length > 0) {
    problems.push(`start.js loads further files: ${start.imports.join(", ")}`);
  }
  return problems;
}

function nameOfPackage(input: string): string {
  return packagePathOf(input)?.split("node_modules/").at(-1) ?? "";
}

/** Finds paths of the build machine, which must not be published. */
function machinePaths(): string[] {
  const places = [root, homedir()].filter((path) => path.length > 1);
  return readdirSync(staging, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const text = readFileSync(path, "utf8");
      return places.some((place) => text.includes(`${place}/`));
    })
    .map((path) => `${path} contains a path of this machine`);
}
