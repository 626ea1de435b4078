import { parseArguments } from "../arguments.ts";

export interface DoctorOptions {
  readonly asJson: boolean;
  readonly showsHelp: boolean;
  /** Whether nothing is sent. */
  readonly isOffline: boolean;
  /** Paths of the app to request. */
  readonly requests: readonly string[];
  /** How long the app runs after it has listened, in milliseconds. */
  readonly runMs: number;
  /** How long a command runs that does not listen, in milliseconds. */
  readonly limitMs: number;
  /** Empty: only the folder and the environment are inspected. */
  readonly command: readonly string[];
  readonly problems: readonly string[];
}

const DEFAULT_SECONDS = 3;
const DEFAULT_LIMIT_SECONDS = 60;
const MAX_SECONDS = 24 * 60 * 60;

/** Parses the arguments of `telltale doctor`. */
export function parseDoctorOptions(args: readonly string[]): DoctorOptions {
  const at = args.indexOf("--");
  const own = at === -1 ? args : args.slice(0, at);
  const command = at === -1 ? [] : args.slice(at + 1);
  const { texts, flags, problems } = parseArguments(own, {
    json: "flag",
    offline: "flag",
    help: "flag",
    request: "texts",
    seconds: "text",
    limit: "text",
  });
  const found = [...problems];
  const requests = texts.get("request") ?? [];
  if (at !== -1 && command.length === 0) found.push("there is no command after --");
  if (requests.length > 0 && command.length === 0)
    found.push("--request needs a command: telltale doctor --request / -- node app.js");
  const seconds = (name: string, fallback: number): number =>
    parseSeconds(name, texts.get(name)?.at(-1), fallback, found);
  return {
    asJson: flags.has("json"),
    showsHelp: flags.has("help"),
    isOffline: flags.has("offline"),
    requests,
    runMs: seconds("seconds", DEFAULT_SECONDS) * 1000,
    limitMs: seconds("limit", DEFAULT_LIMIT_SECONDS) * 1000,
    command,
    problems: found,
  };
}

function parseSeconds(
  name: string,
  text: string | undefined,
  fallback: number,
  problems: string[],
): number {
  if (text === undefined) return fallback;
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds <= MAX_SECONDS) return seconds;
  problems.push(
    `--${name}: received ${JSON.stringify(text)}, expected seconds from 0 to ${MAX_SECONDS}`,
  );
  return fallback;
}
