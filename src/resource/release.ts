import type { Attributes } from "@opentelemetry/api";
import type { Config } from "../config/config.ts";
import { lazy } from "../lazy.ts";

const loadNames = lazy<typeof import("../config/sentry-names.ts")>("config/sentry-names.ts");

/** The release that Sentry groups events and sessions by, and where it comes from. */
export interface Release {
  readonly name: string;
  /** A variable or a file, for messages. */
  readonly source: string;
}

/**
 * Returns the release: explicit ones of the environment; the commit that a
 * platform names, which is the release of `@sentry/node`; the version of the app's
 * package; the commit of the repository.
 *
 * @param attributes those of the resource. But for `SENTRY_RELEASE`, the name is made of
 *   them, so that spans, metrics and log records have its parts.
 */
export function detectRelease(config: Config, attributes: Attributes): Release | undefined {
  const { errors, resourceAttributes, commit } = config;
  const text = (name: string): string => {
    const value = attributes[name];
    return typeof value === "string" ? value : "";
  };
  const version = text("service.version");
  const versioned = version && `${text("service.name")}@${version}`;
  const revision = text("vcs.ref.head.revision");
  const isExplicit = (name: string): boolean => Boolean(resourceAttributes[name]);
  const candidates: readonly (readonly [name: string | false | undefined, source: string])[] = [
    [errors.release, "SENTRY_RELEASE"],
    [isExplicit("service.version") && versioned, "OTEL_RESOURCE_ATTRIBUTES"],
    [isExplicit("vcs.ref.head.revision") && revision, "OTEL_RESOURCE_ATTRIBUTES"],
    [commit?.value, commit?.variable ?? ""],
    [versioned, "package.json"],
    [revision, ".git"],
  ];
  for (const [candidate, source] of candidates) {
    const name = candidate ? loadNames().releaseName(candidate) : undefined;
    if (name !== undefined) return { name, source };
  }
  return undefined;
}

/** Returns the environment in a form that Sentry accepts; undefined for its default, `production`. */
export function detectEnvironment({ errors, environment }: Config): string | undefined {
  return loadNames().environmentName(errors.environment ?? environment ?? "");
}
