import { describeRows } from "../frameworks/suite.ts";
import { runFramework } from "../frameworks/run.ts";
import { rows as oldest } from "../next15/rows.ts";
import { portIn, startNext } from "./program.ts";
import { rows as newest } from "./rows.ts";

const starter = { start: startNext, portIn };

describe("Next.js", function () {
  // Sites are built once, which takes long on a busy machine.
  describeRows([...newest, ...oldest], (row) => runFramework(row, {}, starter));
});
