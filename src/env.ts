/**
 * The environment at the start of the process, restricted to telltale's and standard
 * names. Other variables, such as passwords of the app, are never copied. A blank
 * value counts as unset.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value
 */
export type Environment = ReadonlyMap<string, string>;

const relevantPrefixes = ["OTEL_", "SENTRY_", "TELLTALE_"];

/**
 * Variables in which platforms and CI systems name the commit, in the order of
 * `@sentry/node` 11: the first one that is set is its release.
 */
export const commitVariables: readonly string[] = (
  "GITHUB_SHA CI_MERGE_REQUEST_SOURCE_BRANCH_SHA CI_BUILD_REF CI_COMMIT_SHA BITBUCKET_COMMIT " +
  "APPVEYOR_PULL_REQUEST_HEAD_COMMIT APPVEYOR_REPO_COMMIT CODEBUILD_RESOLVED_SOURCE_VERSION " +
  "AWS_COMMIT_ID BUILD_SOURCEVERSION GIT_CLONE_COMMIT_HASH BUDDY_EXECUTION_REVISION " +
  "BUILDKITE_COMMIT CIRCLE_SHA1 CIRRUS_CHANGE_IN_REPO CF_REVISION CM_COMMIT " +
  "CF_PAGES_COMMIT_SHA DRONE_COMMIT_SHA FC_GIT_COMMIT_SHA HEROKU_TEST_RUN_COMMIT_VERSION " +
  "HEROKU_BUILD_COMMIT HEROKU_SLUG_COMMIT RAILWAY_GIT_COMMIT_SHA RENDER_GIT_COMMIT " +
  "SEMAPHORE_GIT_SHA TRAVIS_PULL_REQUEST_SHA VERCEL_GIT_COMMIT_SHA VERCEL_GITHUB_COMMIT_SHA " +
  "VERCEL_GITLAB_COMMIT_SHA VERCEL_BITBUCKET_COMMIT_SHA ZEIT_GITHUB_COMMIT_SHA " +
  "ZEIT_GITLAB_COMMIT_SHA ZEIT_BITBUCKET_COMMIT_SHA CI_COMMIT_ID SOURCE_COMMIT SOURCE_VERSION " +
  "GIT_COMMIT COMMIT_REF BUILD_VCS_NUMBER"
).split(" ");

/**
 * Variables in which platforms name the environment: Vercel (in the order of Sentry's
 * SDK), Railway, GitLab's deployment jobs, and Netlify, whose `CONTEXT` is read only
 * together with `NETLIFY`.
 */
export const environmentVariables: readonly string[] = [
  "VERCEL_TARGET_ENV",
  "VERCEL_ENV",
  "RAILWAY_ENVIRONMENT_NAME",
  "CI_ENVIRONMENT_NAME",
  "CONTEXT",
];

const relevantNames: ReadonlySet<string> = new Set([
  ...["NODE_ENV", "LAMBDA_TASK_ROOT", "_HANDLER", "NETLIFY"],
  // Of telltale deploy.
  ...["GRAFANA_URL", "GRAFANA_TOKEN"],
  ...commitVariables,
  ...environmentVariables,
]);

/** Reads `process.env`. No other module does. */
export function readEnvironment(): Environment {
  return environmentOf(withPm2Variables(process.env));
}

/**
 * Adds the app's variables of PM2's cluster mode. PM2 passes them as JSON in one
 * variable, and sets them only after the preloads.
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

/** Returns the value of any variable, to which a configuration file may refer. */
export function variableOf(name: string): string | undefined {
  return withPm2Variables(process.env)[name];
}

/** Creates an environment from any record, for tests and tools. */
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

/** Reads `OTEL_SDK_DISABLED` before anything else is loaded, for `register.ts`. */
export function isSdkDisabled(): boolean {
  return withPm2Variables(process.env)["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
}

/**
 * Returns variables as they are, for a carrier of context: the values of this process, or of this
 * thread. Empty ones are left out.
 */
export function readVariables(names: readonly string[]): ReadonlyMap<string, string> {
  const found = names.map((name) => [name, process.env[name] ?? ""] as const);
  return new Map(found.filter(([, value]) => value !== ""));
}

/** Returns Node's flags, those of `NODE_OPTIONS` first. The last one of the same flag is effective. */
export function nodeFlags(): readonly string[] {
  return [...splitNodeOptions(process.env["NODE_OPTIONS"] ?? ""), ...process.execArgv];
}

/**
 * Splits `NODE_OPTIONS` by Node's rules: at spaces outside of double quotes, within
 * which a backslash escapes the next character.
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

/** Returns a copy of the complete environment, for child processes of `cli/`. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}
