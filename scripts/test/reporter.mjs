import { fstatSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { relative } from "node:path";
import { describePrograms } from "./started-programs.ts";

const { reporters } = createRequire(import.meta.url)("mocha");

/** The file descriptor that `mocha.ts` reads. */
const COUNTS = 3;

/** Limits of the summary: a pipe holds 64 kB. */
const MAX_FAILURES = 10;
const MAX_CHARACTERS = 5000;
const MAX_PART_CHARACTERS = 2000;
const MAX_CAUSES = 5;

/** The files that are listed with their times, and the time below which none is, in seconds. */
const MAX_FILES = 12;
const LISTED_SECONDS = 5;

/**
 * mocha's spec reporter, which also lists the files that took longest, and writes the counts and
 * the first failures to the parent process.
 */
export default class Counting extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const times = timesOfFiles(runner);
    const failed = descriptionsOfFailures(runner);
    runner.once("end", () => {
      printSlowest(times);
      const { passes, failures, pending } = this.stats;
      const summary = JSON.stringify({ passes, failures, pending, failed });
      if (isOpen(COUNTS)) writeSync(COUNTS, `${summary}\n`);
    });
  }
}

/** Returns the seconds of each file, by its name, which are complete at the end of the run. */
function timesOfFiles(runner) {
  const times = new Map();
  let start = 0;
  runner.on("suite", ({ parent }) => {
    if (parent?.root) start = performance.now();
  });
  runner.on("suite end", ({ parent, file }) => {
    if (!parent?.root || file === undefined) return;
    const name = relative(process.cwd(), file);
    times.set(name, (times.get(name) ?? 0) + (performance.now() - start) / 1000);
  });
  return times;
}

function printSlowest(times) {
  const slowest = [...times].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_FILES);
  for (const [name, seconds] of slowest) {
    if (seconds >= LISTED_SECONDS) console.log(`  ${seconds.toFixed(1).padStart(7)} s  ${name}`);
  }
}

/**
 * Returns descriptions of the first failures. Each has the programs that ran then, or have ended
 * since the beginning of the suite.
 */
function descriptionsOfFailures(runner) {
  const failed = [];
  let start = 0;
  runner.on("suite", () => (start = performance.now()));
  runner.on("fail", (test, error) => {
    if (failed.length === MAX_FAILURES) return;
    const parts = [...errorTexts(error), ...describePrograms(start)];
    const text = parts.map((part) => part.slice(0, MAX_PART_CHARACTERS)).join("\n");
    failed.push(`${test.titlePath().join(" ")}\n${text.slice(0, MAX_CHARACTERS)}`);
  });
  return failed;
}

/** Returns the stacks of an error and of its causes. */
function errorTexts(error) {
  const texts = [String(error?.stack ?? error)];
  for (let { cause } = Object(error); cause !== undefined; { cause } = Object(cause)) {
    if (texts.length > MAX_CAUSES) break;
    texts.push(`caused by: ${String(cause?.stack ?? cause)}`);
  }
  return texts;
}

function isOpen(descriptor) {
  try {
    return fstatSync(descriptor).isFIFO() || fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}
