import type { Config } from "../../config/config.ts";
import type { ConfigIssue } from "../../config/issue.ts";
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
  /** Undefined if it is not known. */
  readonly service: string | undefined;
  readonly namespace: string | undefined;
  readonly version: string | undefined;
  readonly config: Config;
  /** What is wrong with the variables, all of them. */
  readonly issues: readonly ConfigIssue[];
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
  const text = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" ? value : undefined;
  };
  const commit = text("vcs.ref.head.revision");
  const service = text("service.name");
  return {
    release: detectRelease(config, attributes)?.name,
    environment: detectEnvironment(config),
    commit: commit !== undefined && isCommitId(commit) ? commit : undefined,
    service: service?.startsWith("unknown_service") === true ? undefined : service,
    namespace: text("service.namespace"),
    version: text("service.version"),
    config,
    issues,
    notes: issues.filter(({ variable }) => variables.has(variable)).map(formatIssue),
  };
}

/** Formats what is wrong with a variable. */
export function formatIssue(issue: ConfigIssue): string {
  return formatIssues([issue]).trimEnd().replace("telltale: ", "");
}
