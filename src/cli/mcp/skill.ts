import { readFileSync } from "node:fs";

/** The file is in the package, beside `dist/`. */
const PATH = import.meta.url.endsWith(".ts")
  ? "../../../skills/telltale/SKILL.md"
  : "../skills/telltale/SKILL.md";

/** Returns the skill: when an agent uses which command. */
export function readSkill(): string {
  return readFileSync(new URL(PATH, import.meta.url), "utf8");
}
