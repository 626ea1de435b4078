import { goTool } from "./go-tools/build.ts";
import { goModules } from "./go-tools/modules.ts";
import { UserError } from "./user-error.ts";

/*
 * `npm run tools`: builds the commands of `tools/` with Go, or finds those that were built, and
 * prints their paths.
 */
try {
  for (const { name } of goModules.flatMap(({ commands }) => commands)) {
    process.stdout.write(`${await goTool(name)}\n`);
  }
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`tools: ${error.message}\n`);
  process.exitCode = 1;
}
