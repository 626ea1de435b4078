import { fstatSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const { reporters } = createRequire(import.meta.url)("mocha");

/** The file descriptor that `mocha.ts` reads. */
const COUNTS = 3;

/** Limits of the summary: a pipe holds 64 kB. */
const MAX_FAILURES = 10;
const MAX_CHARACTERS = 2000;

/** mocha's spec reporter, which also writes the counts to the parent process. */
export default class Counting extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      const failed = this.failures.slice(0, MAX_FAILURES).map(describeFailure);
      const summary = JSON.stringify({ passes, failures, pending, failed });
      if (isOpen(COUNTS)) writeSync(COUNTS, `${summary}\n`);
    });
  }
}

function describeFailure(test) {
  const text = String(test.err?.stack ?? test.err).slice(0, MAX_CHARACTERS);
  return `${test.titlePath().join(" ")}\n${text}`;
}

function isOpen(descriptor) {
  try {
    return fstatSync(descriptor).isFIFO() || fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}
