/**
 * The environment as it was when the process started: only what is set, of the
 * names that are ours or standard. The rest (passwords of the app among it) is
 * never copied. A blank value counts as unset.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value
 */
export type Environment = ReadonlyMap<string, string>;

const relevantPrefixes = ["OTEL_", "SENTRY_", "TELLTALE_"];
const relevantNames: ReadonlySet<string> = new Set(["NODE_ENV", "LAMBDA_TASK_ROOT", "_HANDLER"]);

/** The one place that reads `process.env`. */
export function readEnvironment(): Environment {
  return environmentOf(withPm2Variables(process.env));
}

/**
 * With what PM2's cluster mode makes variables of, but only after the preloads: the
 * whole of the app's own, as JSON in one.
 */
function withPm2Variables(
  variables: NodeJS.ProcessEnv,
): Readonly<Record<string, string | undefined>> {
  const text = variables["pm2_env"];
  if (text === undefined) return variables;
  try {
    const pm2Variables = Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>);
    const entries = pm2Variables.map(([name, value]) => [name, String(value)] as const);
    return { ...variables, ...Object.fromEntries(entries.filter(([name]) => isRelevant(name))) };
  } catch {
    return variables;
  }
}

/** The same from any record, for tests and tools. */
export function environmentOf(
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const environment = new Map<string, string>();
  for (const name of Object.keys(variables)) {
    if (!isRelevant(name)) continue;
    const value = variables[name]?.trim();
    if (value) environment.set(name, value);
  }
  return environment;
}

/** `OTEL_SDK_DISABLED`, for who must know it before anything else is loaded (`register.ts`). */
export function isSdkDisabled(): boolean {
  return withPm2Variables(process.env)["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
}

/** The flags that Node runs with, those of `NODE_OPTIONS` first: of the same flag the last one counts. */
export function nodeFlags(): readonly string[] {
  return [...splitNodeOptions(process.env["NODE_OPTIONS"] ?? ""), ...process.execArgv];
}

/**
 * The words of `NODE_OPTIONS`, by Node's own rules: spaces divide but in double
 * quotes, where a backslash takes the next character as it is.
 * https://nodejs.org/api/cli.html#node_optionsoptions
 */
function splitNodeOptions(options: string): string[] {
  const words: string[] = [];
  let isQuoted = false;
  let isNew = true;
  for (let at = 0; at < options.length; at++) {
    if (options[at] === '"') {
      isQuoted = !isQuoted;
    } else if (options[at] === " " && !isQuoted) {
      isNew = true;
    } else {
      if (isQuoted && options[at] === "\\") at++;
      words.push((isNew ? "" : (words.pop() ?? "")) + (options[at] ?? ""));
      isNew = false;
    }
  }
  return words;
}

function isRelevant(name: string): boolean {
  return relevantNames.has(name) || relevantPrefixes.some((prefix) => name.startsWith(prefix));
}

/** All of it, for the children of a command (`cli/`). */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}
