import { fstatSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const { reporters } = createRequire(import.meta.url)("mocha");

/** Where `stages.ts` listens. */
const COUNTS = 3;

/** mocha's own reporter, which also tells the counts to who started the run. */
export default class Counting extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      if (isOpen(COUNTS)) writeSync(COUNTS, JSON.stringify({ passes, failures, pending }));
    });
  }
}

function isOpen(descriptor) {
  try {
    return fstatSync(descriptor).isFIFO() || fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}
