import type { FrameworkRow } from "../../frameworks/row.ts";
import { rows as frameworkRows } from "../../frameworks/rows.ts";
import { type FrameworkRun, runFramework } from "../../frameworks/run.ts";
import { rows as nest10Rows } from "../../nest10/rows.ts";
import { rows as nest11Rows } from "../../nest11/rows.ts";
import { rows as next15Rows } from "../../next15/rows.ts";
import { portIn, startNext } from "../../next16/program.ts";
import { type NextRow, rows as next16Rows } from "../../next16/rows.ts";
import type { Environment, LibraryRun, RunGroup } from "../run-group.ts";
import { oncePerVersion, titleOf } from "./once.ts";

const frameworks: RunGroup = {
  title: "frameworks",
  runs: oncePerVersion([...frameworkRows, ...nest11Rows, ...nest10Rows], ({ group }) => group).map(
    (row) => runOf(row, row.installed === "fastify", (env) => runFramework(row, env)),
  ),
};

const starter = { start: startNext, portIn };

const next: RunGroup = {
  title: "Next.js",
  runs: oncePerVersion<NextRow>(
    [...next16Rows, ...next15Rows].filter(({ way }) => way === "next start"),
    ({ group }) => group,
  ).map((row) => runOf(row, false, (env) => runFramework(row, env, starter))),
};

export const frameworkGroups: readonly RunGroup[] = [frameworks, next];

function runOf(
  row: FrameworkRow,
  isSelected: boolean,
  run: (env: Environment) => Promise<FrameworkRun>,
): LibraryRun {
  return {
    title: `${titleOf(row)}, ${row.group}`,
    rows: [row],
    isSelected,
    async run(env) {
      const { received, process } = await run(env);
      return { received, processes: [process] };
    },
  };
}
