/** What a variable of ours can be, which its default shows. */
interface Kind {
  /** As it stands after "which is no". */
  readonly name: string;
  readonly pattern: RegExp;
  /** Whether what was given may be said: a URL can hold a password. */
  readonly isSecret?: boolean;
}

const KINDS: readonly Kind[] = [
  { name: "URL", pattern: /^https?:\/\/[^\s/]+/, isSecret: true },
  { name: "list", pattern: /^\[.*\]$/ },
  { name: "duration", pattern: /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/ },
  { name: "number", pattern: /^\d+(\.\d+)?$/ },
];
const SWITCH: Kind = { name: "switch", pattern: /^(true|false)$/ };
const PORT: Kind = {
  name: "port",
  pattern: /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
};

/** A variable that a configuration names, with what it is without one. */
export interface Defaulted {
  readonly name: string;
  readonly fallback: string;
}

/** The variables that have a default, each once. */
export function defaultsIn(text: string): readonly Defaulted[] {
  const found = [...text.matchAll(/\$\{env:(\w+):-([^}]*)\}/g)].map(
    ([, name = "", fallback = ""]) => [name, { name, fallback }] as const,
  );
  return [...new Map(found).values()];
}

/**
 * What is wrong with the values of variables, one sentence for each. The Collector
 * would say so too, but of a setting somewhere; or it would start, and not work.
 *
 * @param text of configurations of ours, without comments.
 */
export function wrongValues(text: string, env: NodeJS.ProcessEnv): readonly string[] {
  return defaultsIn(text).flatMap(({ name, fallback }) => {
    const value = env[name] ?? "";
    const kind = kindOf(name, fallback);
    if (value === "" || kind === undefined || kind.pattern.test(value)) return [];
    const what = kind.isSecret === true ? "not a" : `"${value}", which is no`;
    return [`${name} is ${what} ${kind.name}; without it, it is ${fallback}`];
  });
}

function kindOf(name: string, fallback: string): Kind | undefined {
  if (name.endsWith("_PORT")) return PORT;
  return [SWITCH, ...KINDS].find(({ pattern }) => pattern.test(fallback));
}
