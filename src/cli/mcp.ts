import { createInterface } from "node:readline";
import { parseArguments } from "./arguments.ts";
import { reportWrongUse } from "./command-output.ts";
import { respondToLine } from "./mcp/json-rpc.ts";
import { createProtocol } from "./mcp/protocol.ts";
import { readSkill } from "./mcp/skill.ts";
import { readSourceOptions, SOURCE_HELP, sourceKinds } from "./viewer/command-options.ts";
import { openSource } from "./viewer/open-source.ts";

const HELP = `telltale mcp [options]

  A server of the Model Context Protocol on stdin and stdout, for agents that
  can't run commands. Its four tools answer what failed lately, what is slow,
  what one request did, and what changed since the run before. The viewer may
  start and stop meanwhile.

  --skill                 prints the skill: when to use which command. Agents
                          read it in a file such as
                          .claude/skills/telltale/SKILL.md
${SOURCE_HELP.replace(/^ {2}--json.*\n/m, "")}
  Exit codes: 0 the client has closed stdin, 2 wrong use.
`;

/** Runs `telltale mcp`. Returns the exit code. */
export async function mcp(args: readonly string[]): Promise<number> {
  // A client may end first.
  process.stdout.on("error", () => {});
  const { json: _, ...kinds } = sourceKinds;
  const parsed = parseArguments(args, { ...kinds, skill: "flag" });
  const problems = [...parsed.problems];
  const options = readSourceOptions(parsed, problems);
  if (parsed.flags.has("help") || parsed.flags.has("skill")) {
    process.stdout.write(parsed.flags.has("help") ? HELP : readSkill());
    return 0;
  }
  if (problems.length > 0) return reportWrongUse(problems, false);
  const handle = createProtocol(() => openSource(options, process.cwd()));
  const pending = new Set<Promise<void>>();
  for await (const line of createInterface({ input: process.stdin, terminal: false })) {
    // A call that reads many requests does not delay a ping.
    const response = respondToLine(line, handle).then((text) => {
      if (text !== undefined) process.stdout.write(`${text}\n`);
    });
    pending.add(response);
    void response.finally(() => pending.delete(response));
  }
  await Promise.all(pending);
  return 0;
}
