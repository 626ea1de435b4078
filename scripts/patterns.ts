import { join } from "node:path";
import { cache, root } from "./build/places.ts";
import { isException, needless } from "./patterns/exceptions.ts";
import { findPatterns } from "./patterns/found.ts";
import { verdictsOf } from "./patterns/verdict.ts";

/*
 * A part of `npm run lint`: no regular expression of `src/` takes longer than
 * linear time, whatever text it is given. Those that may are named in
 * `patterns/exceptions.ts` with the reason.
 *
 * `node scripts/patterns.ts <folder>` looks at another one's `src/`.
 */
const [folder = root] = process.argv.slice(2);
const { patterns, unread } = await findPatterns(folder);
const asked = patterns.filter((pattern) => !isException(pattern));
const verdicts = await verdictsOf(asked, join(cache, "patterns.json"));
const complaints = unread.map(
  ({ place }) => `${place}: a pattern that is put together: say of what in patterns/exceptions.ts`,
);
for (const [{ source, flags, places }, { isLinear, complexity, attack }] of verdicts) {
  if (isLinear) continue;
  complaints.push(`${places.join(", ")}: /${source}/${flags} is ${complexity}: ${attack ?? ""}`);
}
for (const { file, begins } of folder === root ? needless(patterns) : []) {
  complaints.push(
    `${file}: no pattern begins with ${begins}: take it out of patterns/exceptions.ts`,
  );
}
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
if (complaints.length > 0) process.exitCode = 1;
else process.stdout.write(`${patterns.length} regular expressions take linear time.\n`);
