import { join } from "node:path";
import { cache, root } from "./build/paths.ts";
import { isException, unusedExceptions } from "./patterns/exceptions.ts";
import { findPatterns } from "./patterns/scan.ts";
import { checkPatterns } from "./patterns/verdict.ts";

/*
 * Checks, as a part of `npm run lint`, that every regular expression of `src/`
 * takes linear time for any text. Exceptions are listed in
 * `patterns/exceptions.ts` with the reason.
 *
 * `node scripts/patterns.ts <folder>` checks the `src/` of another folder.
 */
const [folder = root] = process.argv.slice(2);
const { patterns, dynamic } = await findPatterns(folder);
const checked = patterns.filter((pattern) => !isException(pattern));
const verdicts = await checkPatterns(checked, join(cache, "patterns.json"));
const problems = dynamic.map(
  ({ location }) =>
    `${location}: a pattern composed at run time: list its parts in patterns/exceptions.ts`,
);
for (const [{ source, flags, locations: places }, { isLinear, complexity, attack }] of verdicts) {
  if (isLinear) continue;
  problems.push(`${places.join(", ")}: /${source}/${flags} is ${complexity}: ${attack ?? ""}`);
}
for (const { file, startsWith: begins } of folder === root ? unusedExceptions(patterns) : []) {
  problems.push(`${file}: no pattern begins with ${begins}: take it out of patterns/exceptions.ts`);
}
for (const complaint of problems) process.stderr.write(`${complaint}\n`);
if (problems.length > 0) process.exitCode = 1;
else process.stdout.write(`${patterns.length} regular expressions take linear time.\n`);
