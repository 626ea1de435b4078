import type { ApiRequest } from "./api-client.ts";

/** What was deployed, where and when. */
export interface Deployment {
  /** `service.name`; undefined if it is not known. */
  readonly service: string | undefined;
  /** `service.namespace`. */
  readonly namespace: string | undefined;
  /** `service.version`, or the name of the release without one. */
  readonly version: string;
  readonly release: string;
  readonly environment: string;
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly started: Date | undefined;
  readonly finished: Date;
  readonly commit: string | undefined;
}

/** A deployment as Sentry records it. */
export interface SentryDeployment extends Deployment {
  readonly organization: string;
  readonly projects: readonly string[];
  /** Whether the release is marked as released. */
  readonly finalize: boolean;
  /** Whether the commit was named, and not detected. */
  readonly isCommitNamed: boolean;
  /** The repository of the commit, as it is named in Sentry. */
  readonly repository: string | undefined;
  /** The commit of the previous release. */
  readonly previousCommit: string | undefined;
}

export type StepName = "release" | "finalize" | "deploy";

/** One request, and what it does. */
export interface Step {
  readonly name: StepName;
  readonly request: ApiRequest;
}

type Fields = Readonly<Record<string, unknown>>;

/** Returns the requests that record a deployment, in their order. https://docs.sentry.io/api/releases/ */
export function stepsOf(deployment: SentryDeployment): readonly Step[] {
  const { organization, projects, release, finished, finalize } = deployment;
  const releases = `organizations/${encodeURIComponent(organization)}/releases/`;
  const path = `${releases}${encodeURIComponent(release)}/`;
  const deploys = `${path}deploys/`;
  const created = { version: release, projects, ...commitFields(deployment) };
  const deploy = deployFields(deployment);
  const finalized = { dateReleased: finished.toISOString(), projects };
  return [
    { name: "release", request: { method: "POST", path: releases, body: created } },
    ...(finalize
      ? [{ name: "finalize", request: { method: "PUT", path, body: finalized } } as const]
      : []),
    {
      name: "deploy",
      request: {
        method: "POST",
        path: deploys,
        body: deploy,
        accepted: { path: deploys, find: (body) => findDeploy(body, deployment) },
      },
    },
  ];
}

/**
 * A release without a repository has commits, or only a reference: a list of commits
 * replaces that of another tool, so it is sent only where a commit was named.
 */
function commitFields({
  commit,
  isCommitNamed,
  repository,
  previousCommit,
}: SentryDeployment): Fields {
  if (commit === undefined) return {};
  if (repository !== undefined) {
    const previous = previousCommit !== undefined && { previousCommit };
    return { ref: commit, refs: [{ repository, commit, ...previous }] };
  }
  return { ref: commit, ...(isCommitNamed && { commits: [{ id: commit }] }) };
}

function deployFields(deployment: SentryDeployment): Fields {
  const { environment, name, url, started, finished, projects } = deployment;
  return {
    environment,
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url }),
    ...(started !== undefined && { dateStarted: started.toISOString() }),
    dateFinished: finished.toISOString(),
    projects,
  };
}

/** Finds a deploy in the list of a release: its end, in milliseconds, identifies it. */
function findDeploy(body: unknown, { environment, name, finished }: SentryDeployment): unknown {
  if (!Array.isArray(body)) return undefined;
  return (body as readonly unknown[]).find((deploy) => {
    if (typeof deploy !== "object" || deploy === null) return false;
    const fields = deploy as Fields;
    return (
      fields["environment"] === environment &&
      (fields["name"] ?? undefined) === name &&
      Date.parse(String(fields["dateFinished"])) === finished.getTime()
    );
  });
}
