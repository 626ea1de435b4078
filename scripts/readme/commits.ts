import { commitVariables } from "../../src/env.ts";

/** Renders the variables that name the commit, in one paragraph. */
export function commitVariablesList(): string {
  return `${commitVariables.map((name) => `\`${name}\``).join(", ")}\n`;
}
