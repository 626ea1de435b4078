import { rows as nest10 } from "../nest10/rows.ts";
import { rows as nest11 } from "../nest11/rows.ts";
import { rows as frameworks } from "./rows.ts";
import { runFramework } from "./run.ts";
import { describeRows } from "./suite.ts";

describe("A framework", () =>
  describeRows([...frameworks, ...nest10, ...nest11], (row) => runFramework(row)));
