import type { ApiClient } from "./api-client.ts";
import { type SentryDeployment, type StepName, stepsOf } from "./deployment.ts";

/** A step that Sentry has accepted. */
export interface CompletedStep {
  readonly step: StepName;
  /** 208: the release existed. */
  readonly status: number;
  /** The id of the deploy. */
  readonly id: string | undefined;
}

export interface FailedStep {
  readonly step: StepName;
  /** In words, without secrets. */
  readonly reason: string;
  /** Whether Sentry may have accepted it nevertheless. */
  readonly isUncertain: boolean;
}

export interface DeployResult {
  readonly completed: readonly CompletedStep[];
  readonly failure: FailedStep | undefined;
}

/**
 * Records a deployment in Sentry, up to the first step that fails. Never rejects.
 *
 * @param onCompleted called after each step
 */
export async function recordDeployment(
  client: ApiClient,
  deployment: SentryDeployment,
  onCompleted: (step: CompletedStep) => void,
): Promise<DeployResult> {
  const completed: CompletedStep[] = [];
  for (const { name, request } of stepsOf(deployment)) {
    const result = await client.send(request);
    if (result.kind === "failed") {
      const { reason, isUncertain } = result;
      return { completed, failure: { step: name, reason, isUncertain } };
    }
    const id = name === "deploy" ? idIn(result.body) : undefined;
    const step = { step: name, status: result.status, id };
    completed.push(step);
    onCompleted(step);
  }
  return { completed, failure: undefined };
}

function idIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("id" in body)) return undefined;
  const { id } = body;
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}
