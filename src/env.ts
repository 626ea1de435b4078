/**
 * The environment as it was when the process started: only what is set, of the
 * names that are ours or standard. The rest (passwords of the app among it) is
 * never copied. A blank value counts as unset.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value
 */
export type Environment = ReadonlyMap<string, string>;

const prefixes = ["OTEL_", "SENTRY_", "TELLTALE_"];
const names: ReadonlySet<string> = new Set(["NODE_ENV", "LAMBDA_TASK_ROOT", "_HANDLER"]);

/** The one place that reads `process.env`. */
export function readEnvironment(): Environment {
  return environmentOf(process.env);
}

/** The same from any record, for tests and tools. */
export function environmentOf(
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const environment = new Map<string, string>();
  for (const name of Object.keys(variables)) {
    if (!isOurs(name)) continue;
    const value = variables[name]?.trim();
    if (value) environment.set(name, value);
  }
  return environment;
}

/** `OTEL_SDK_DISABLED`, for who must know it before anything else is loaded (`register.ts`). */
export function isSwitchedOff(): boolean {
  return process.env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
}

function isOurs(name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

/** All of it, for the children of a command (`cli/`). */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}
