import { parseConfig } from "../../config/parse.ts";
import { formatIssues } from "../../config/report.ts";
import type { Environment } from "../../env.ts";
import { detectResourceAttributes } from "../../resource/attributes.ts";
import { isCommitId } from "../../resource/commit-id.ts";
import { detectEnvironment, detectRelease } from "../../resource/release.ts";

/** What a deploy is of, as the app's events will name it. */
export interface Detected {
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly commit: string | undefined;
  /** Names of variables that are changed or invalid, one line each. */
  readonly notes: readonly string[];
}

/** The variables that release and environment are detected from. */
const variables: ReadonlySet<string> = new Set([
  "SENTRY_RELEASE",
  "SENTRY_ENVIRONMENT",
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
]);

/**
 * Detects release, environment and commit by the rules of the preload, for the app in a
 * folder. Never throws.
 */
export function detectDeployment(environment: Environment, folder: string): Detected {
  // It concerns the telemetry of apps.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { config, issues } = parseConfig(new Map(relevant));
  const attributes = detectResourceAttributes(config, folder);
  const commit = attributes["vcs.ref.head.revision"];
  return {
    release: detectRelease(config, attributes)?.name,
    environment: detectEnvironment(config),
    commit: typeof commit === "string" && isCommitId(commit) ? commit : undefined,
    notes: issues
      .filter(({ variable }) => variables.has(variable))
      .map((issue) => formatIssues([issue]).trimEnd().replace("telltale: ", "")),
  };
}
