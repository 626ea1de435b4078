import { quote } from "../../config/mask.ts";
import type { UnitFilter } from "../../viewer/viewer-store.ts";
import type { CommandArguments, OptionKinds } from "../arguments.ts";
import { shellArgument } from "./unit-view.ts";

/** Options of every command that reads from the viewer. */
export const sourceKinds: OptionKinds = {
  url: "text",
  history: "text",
  json: "flag",
  help: "flag",
};

/** Options that choose requests. */
export const filterKinds: OptionKinds = {
  text: "text",
  name: "text",
  status: "text",
  "min-ms": "text",
  "max-ms": "text",
  attribute: "texts",
  service: "text",
  run: "text",
  kind: "text",
  errors: "flag",
  n1: "flag",
  noise: "flag",
};

/** The part of a help text on the options of `sourceKinds`. */
export const SOURCE_HELP = `  --url ADDRESS           a viewer that runs: the address that telltale dev
                          prints; default: that of the project
  --history FILE          reads this history, although a viewer may run;
                          default, if none runs: .telltale/history.db
  --json                  prints one JSON object
  --help
`;

/** The part of a help text on the options of `filterKinds`. */
export const FILTER_HELP = `  --text TEXT             in the route, the path or the service
  --name ROUTE            "GET /orders/:id", or the name of a job
  --status STATUS         404 or 5xx
  --min-ms MS, --max-ms MS
                          duration
  --attribute KEY:VALUE   of a span; once for each
  --service NAME
  --run RUN               an id, a baseline, current or previous
  --kind KIND             request, message or job
  --errors                only failed ones
  --n1                    only those with N+1 calls
  --noise                 also health checks and assets
`;

/** Where a command reads. */
export interface SourceOptions {
  readonly url: string | undefined;
  readonly history: string | undefined;
  /** Whether the command changes the history: pins a request, for example. */
  readonly writes: boolean;
}

/** @param writes whether the command changes the history. */
export function readSourceOptions(
  parsed: CommandArguments,
  problems: string[],
  writes = false,
): SourceOptions {
  const [url, history] = [lastText(parsed, "url"), lastText(parsed, "history")];
  if (url !== undefined && history !== undefined)
    problems.push("--url and --history exclude each other");
  return { url, history, writes };
}

/** Returns the value of an option that takes one text. */
export function lastText(parsed: CommandArguments, name: string): string | undefined {
  return parsed.texts.get(name)?.at(-1);
}

const KINDS = ["request", "message", "job"] as const;

/** Reads the options of `filterKinds`. */
export function readFilter(parsed: CommandArguments, problems: string[]): UnitFilter {
  const status = lastText(parsed, "status")?.toLowerCase();
  if (status !== undefined && !/^[1-5](?:\d\d|xx)$/.test(status))
    problems.push(`--status: received ${quote(status)}, expected a status such as 404 or 5xx`);
  return {
    text: lastText(parsed, "text"),
    name: lastText(parsed, "name"),
    status,
    minMs: readNumber(parsed, "min-ms", problems),
    maxMs: readNumber(parsed, "max-ms", problems),
    attributes: (parsed.texts.get("attribute") ?? []).flatMap(
      (text) => readAttribute(text, problems) ?? [],
    ),
    service: lastText(parsed, "service"),
    run: lastText(parsed, "run"),
    kind: readChoice(parsed, "kind", KINDS, problems),
    failed: parsed.flags.has("errors") || undefined,
    nPlusOne: parsed.flags.has("n1") || undefined,
    noise: parsed.flags.has("noise") || undefined,
  };
}

function readAttribute(
  text: string,
  problems: string[],
): { readonly key: string; readonly value: string } | undefined {
  const colon = text.indexOf(":");
  if (colon > 0) return { key: text.slice(0, colon), value: text.slice(colon + 1) };
  problems.push(
    `--attribute: received ${quote(text)}, expected KEY:VALUE such as http.route:/orders`,
  );
  return undefined;
}

/** Reads an option that is a number of zero or more. */
export function readNumber(
  parsed: CommandArguments,
  name: string,
  problems: string[],
): number | undefined {
  const text = lastText(parsed, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  problems.push(`--${name}: received ${quote(text)}, expected a number of zero or more`);
  return undefined;
}

/** Reads an option that is one of some words. */
export function readChoice<Choice extends string>(
  parsed: CommandArguments,
  name: string,
  choices: readonly Choice[],
  problems: string[],
): Choice | undefined {
  const text = lastText(parsed, name);
  const choice = choices.find((one) => one === text);
  if (text !== undefined && choice === undefined)
    problems.push(`--${name}: received ${quote(text)}, expected ${choices.join(", ")}`);
  return choice;
}

/** Returns the options of a list as they are written again for its next page. */
export function repeatableOptions(parsed: CommandArguments, names: readonly string[]): string {
  const flags = names.filter((name) => parsed.flags.has(name)).map((name) => `--${name}`);
  const texts = names.flatMap((name) =>
    (parsed.texts.get(name) ?? []).map((text) => `--${name} ${shellArgument(text)}`),
  );
  return [...texts, ...flags].join(" ");
}
