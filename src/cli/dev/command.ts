import { spawn } from "node:child_process";
import { inheritedEnvironment } from "../../env.ts";
import { type Exit, waitForExit } from "../child-process.ts";
import type { ForwardedSignals } from "./forwarded-signals.ts";

/** `dist/register.js`, relative to `dist/*.js` or to this file. */
const registerModule = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/register.js" : "register.js",
  import.meta.url,
);

export interface DevCommand {
  readonly words: readonly string[];
  /** The address that the app exports to. */
  readonly viewerUrl: string;
  /** Whether the app exports under NODE_ENV=production too. */
  readonly isForced: boolean;
  readonly signals: ForwardedSignals;
}

/**
 * Runs a command with the preload. It has the input and output of this process, and gets
 * its signals.
 *
 * @throws the error of a command that can't be started.
 */
export async function runCommand(command: DevCommand): Promise<Exit> {
  const [program = "", ...args] = command.words;
  const child = spawn(program, args, { stdio: "inherit", env: environmentOf(command) });
  command.signals.forwardTo(child);
  return waitForExit(child);
}

/** Returns the environment of the command: what the user has set stays. */
function environmentOf({ viewerUrl, isForced }: DevCommand): NodeJS.ProcessEnv {
  const variables = inheritedEnvironment();
  const options = variables["NODE_OPTIONS"] ?? "";
  return {
    ...variables,
    // First, so that it is loaded before other preloads. A URL needs no quotes.
    NODE_OPTIONS: `--import=${registerModule.href} ${options}`.trim(),
    TELLTALE_VIEWER: viewerUrl,
    ...(isForced && { TELLTALE_VIEWER_FORCE: "true" }),
  };
}
