import { suggest } from "../config/suggest.ts";

/** The kinds of options: one text, several texts, or no value. */
export type OptionKind = "text" | "texts" | "flag";

export type OptionKinds = Readonly<Record<string, OptionKind>>;

/** Parsed options of a command. */
export interface CommandArguments {
  /** Texts of each option in their order. The last one is effective where an option takes one. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly flags: ReadonlySet<string>;
  /** The argument that is no option, of a command that takes one. */
  readonly positional: string | undefined;
  /** All of them, of a command that takes several. */
  readonly positionals: readonly string[];
  /** What is wrong with the arguments, one line each. Contains no values, which may be secrets. */
  readonly problems: readonly string[];
}

/**
 * Parses the options of a command: `--name value`, `--name=value` and `--flag`. `parseArgs`
 * of Node throws at the first problem, with the argument in its message; this collects all.
 * A value that begins with a dash needs an equals sign.
 *
 * @param positionalName what the command takes beside its options, once; undefined: nothing.
 *   One that begins with a dash follows `--`.
 * @param maxPositionals how many of them the command takes.
 */
export function parseArguments(
  args: readonly string[],
  kinds: OptionKinds,
  positionalName?: string,
  maxPositionals = 1,
): CommandArguments {
  const texts = new Map<string, string[]>();
  const flags = new Set<string>();
  const problems = new Set<string>();
  const positionals: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const { name, inlineValue } = splitArgument(args[at] ?? "");
    const kind = name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (name === "" && positionalName !== undefined) {
      positionals.push(...args.slice(at + 1));
      break;
    }
    if (name === undefined) {
      if (positionalName === undefined)
        problems.add("unexpected argument: all are options, such as --help");
      else positionals.push(args[at] ?? "");
    } else if (kind === undefined) {
      problems.add(unknownOption(name, Object.keys(kinds)));
    } else if (kind === "flag") {
      if (inlineValue === undefined) flags.add(name);
      else problems.add(`--${name} takes no value`);
    } else {
      const next = args[at + 1];
      const nextValue = next?.startsWith("-") === false ? next : undefined;
      if (inlineValue === undefined && nextValue !== undefined) at++;
      const value = inlineValue ?? nextValue;
      if (value === undefined) problems.add(`--${name} has no value`);
      else texts.set(name, [...(texts.get(name) ?? []), value]);
    }
  }
  if (positionals.length > maxPositionals)
    problems.add(`unexpected argument after the ${positionalName}: quote it as a whole`);
  return { texts, flags, problems: [...problems], positional: positionals[0], positionals };
}

/** Returns the name of an option, and its value after an equals sign. */
function splitArgument(argument: string): {
  readonly name: string | undefined;
  readonly inlineValue: string | undefined;
} {
  // A dash alone is the name of standard input.
  if (!argument.startsWith("-") || argument === "-")
    return { name: undefined, inlineValue: undefined };
  const equals = argument.indexOf("=");
  const end = equals === -1 ? argument.length : equals;
  return {
    // `-release` is reported as unknown, like `--releas`.
    name: argument.startsWith("--") ? argument.slice(2, end) : argument.slice(0, end),
    inlineValue: equals === -1 ? undefined : argument.slice(equals + 1),
  };
}

function unknownOption(name: string, known: readonly string[]): string {
  const option = name.startsWith("-") ? name : `--${name}`;
  const suggestion = suggest(name.replace(/^-/, ""), known);
  const note = suggestion === undefined ? "" : `, did you mean --${suggestion}?`;
  return `option ${option} is not known${note}`;
}
