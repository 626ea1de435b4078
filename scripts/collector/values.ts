/** A type of value, recognised by the form of the default. */
interface ValueKind {
  /** The name of the type, as it reads after "which is no". */
  readonly name: string;
  readonly pattern: RegExp;
  /** Whether the value may be shown: a URL can hold a password. */
  readonly isSecret?: boolean;
}

const KINDS: readonly ValueKind[] = [
  { name: "URL", pattern: /^https?:\/\/[^\s/]+/, isSecret: true },
  { name: "list", pattern: /^\[.*\]$/ },
  { name: "duration", pattern: /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/ },
  { name: "number", pattern: /^\d+(\.\d+)?$/ },
];
const SWITCH: ValueKind = { name: "switch", pattern: /^(true|false)$/ };
const PORT: ValueKind = {
  name: "port",
  pattern: /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
};

/** A variable of a configuration, with its default. */
export interface DefaultedVariable {
  readonly name: string;
  readonly defaultValue: string;
}

/** Returns the variables that have a default. */
export function defaultsIn(text: string): readonly DefaultedVariable[] {
  const found = [...text.matchAll(/\$\{env:(\w+):-([^}]*)\}/g)].map(
    ([, name = "", defaultValue = ""]) => [name, { name, defaultValue }] as const,
  );
  return [...new Map(found).values()];
}

/**
 * Returns one sentence for each invalid value of a variable. The Collector would
 * report some setting instead, or start and not work.
 *
 * @param text the configurations, without comments.
 */
export function invalidValues(text: string, env: NodeJS.ProcessEnv): readonly string[] {
  return defaultsIn(text).flatMap(({ name, defaultValue }) => {
    const value = env[name] ?? "";
    const kind = kindOf(name, defaultValue);
    if (value === "" || kind === undefined || kind.pattern.test(value)) return [];
    const what = kind.isSecret === true ? "not a" : `"${value}", which is no`;
    return [`${name} is ${what} ${kind.name}; without it, it is ${defaultValue}`];
  });
}

function kindOf(name: string, fallback: string): ValueKind | undefined {
  if (name.endsWith("_PORT")) return PORT;
  return [SWITCH, ...KINDS].find(({ pattern }) => pattern.test(fallback));
}
