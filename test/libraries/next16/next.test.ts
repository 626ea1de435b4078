import { describeRows } from "../frameworks/suite.ts";
import { runFramework } from "../frameworks/run.ts";
import { rows as oldest } from "../next15/rows.ts";
import { portIn, startNext } from "./program.ts";
import { rows as newest } from "./rows.ts";

const starter = { start: startNext, portIn };

describe("Next.js", function () {
  // Built once, which takes a busy machine its time.
  describeRows([...newest, ...oldest], (row) => runFramework(row, {}, starter));
});
