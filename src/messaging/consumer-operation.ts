import type { Context as ApiContext, Link, Span } from "@opentelemetry/api";
import { now } from "../clock.ts";
import { type Context, ROOT_CONTEXT } from "../context/context.ts";
import { errorTypeOf } from "../context/error-type.ts";
import type { JobInfo } from "../context/job.ts";
import { activeUnitOfWork } from "../context/manager.ts";
import type { MessageHandle, UnitFailure, UnitOfWorkHandle } from "../context/messaging.ts";
import type { JobCheckIn, JobOutcome } from "../errors/api.ts";
import { UnitOfWork } from "../context/unit-of-work.ts";
import { isRecordedSpan } from "../traces/own-tracer.ts";
import { loopActivity } from "../loop-activity.ts";
import type { PropagatedIds } from "./propagated-ids.ts";
import { failSpan } from "./fail-span.ts";
import { JobDetails, type OperationDetails } from "./operation-details.ts";
import type { OperationDeps } from "./operation-deps.ts";

/** Origin of a unit of work: its parent span, linked spans and the unit around it. */
export interface OperationParent {
  readonly parent: ApiContext;
  readonly links: Link[];
  readonly enclosingUnit: UnitOfWork | undefined;
  /** The ids of the unit that has sent the message. */
  readonly ids?: PropagatedIds;
}

export const NO_PARENT: OperationParent = {
  parent: ROOT_CONTEXT,
  links: [],
  enclosingUnit: undefined,
};

/** The unit of work of one message, one batch or one job, with its span and its outcome. */
export class ConsumerOperation extends UnitOfWork implements MessageHandle {
  readonly context: Context;
  readonly #deps: OperationDeps;
  #details: OperationDetails;
  #job: JobInfo;
  readonly #startedAt: number = now();
  readonly #ownSpan: Span;
  /** True while the scheduler calls the app's code. */
  #isSchedulerCalling = false;
  readonly #enclosingUnit: UnitOfWork | undefined;
  readonly #startedByUnit: UnitOfWork | undefined = activeUnitOfWork();
  #failure: UnitFailure | undefined = undefined;
  #isPostponed = false;
  #isInterrupted = false;
  #hasStartedCheckIn = false;
  #checkIn: JobCheckIn | undefined = undefined;

  constructor(
    deps: OperationDeps,
    details: OperationDetails,
    job: JobInfo,
    { parent, links, enclosingUnit, ids }: OperationParent,
  ) {
    super();
    this.#deps = deps;
    this.#enclosingUnit = enclosingUnit;
    this.requestId = enclosingUnit?.requestId ?? ids?.requestId;
    if (enclosingUnit !== undefined) this.inheritUser(enclosingUnit);
    else if (ids?.userId !== undefined) this.setUserId(ids.userId);
    this.organizationId = enclosingUnit?.organizationId ?? ids?.organizationId;
    this.#details = details;
    this.#job = job;
    // Sentry's `transaction`.
    this.route = details.name;
    const options = { kind: details.kind, attributes: details.attributes, links };
    this.#ownSpan = deps.tracer.startSpan(details.name, options, parent);
    this.span = this.#ownSpan;
    if (isRecordedSpan(this.span)) this.localTrace = this.span.localTrace;
    this.context = (parent as Context).withSpan(this.span).withUnitOfWork(this);
  }

  override jobInfo(): JobInfo {
    return this.#job;
  }

  override startedByUnit(): UnitOfWork | undefined {
    return this.#startedByUnit;
  }

  override enclosingUnit(): UnitOfWork | undefined {
    return this.#enclosingUnit;
  }

  callFromScheduler<R>(work: () => R): R {
    this.#isSchedulerCalling = true;
    try {
      return work();
    } finally {
      this.#isSchedulerCalling = false;
      this.startCheckIn();
    }
  }

  /** Reports the start of a scheduled job to its monitor, once its name is known. */
  startCheckIn(): void {
    if (this.#job.recurrence === undefined || this.#hasStartedCheckIn) return;
    this.#hasStartedCheckIn = true;
    this.#checkIn = this.#deps.errors.startCheckIn(this);
  }

  /**
   * Takes the name of a `job()` that the scheduler has called directly. Such a job
   * is the scheduled one, and its own name is the better one.
   *
   * @returns false where `job()` is called by other code
   */
  adoptJob(job: JobInfo): boolean {
    if (!this.#isSchedulerCalling) return false;
    this.#isSchedulerCalling = false;
    this.#job = { ...this.#job, isUnnamed: false, ...job };
    this.#details = new JobDetails(this.#job);
    this.route = this.#details.name;
    this.#ownSpan.updateName(this.#details.name).setAttributes(this.#details.attributes);
    this.startCheckIn();
    return true;
  }

  /** Returns a handle that can fail this unit of work, and not end it. */
  childHandle(): UnitOfWorkHandle {
    return { context: this.context, fail: (failure) => this.fail(failure), end() {} };
  }

  /** The first failure decides the type of error; each further error is an event of its own. */
  fail(failure: UnitFailure): void {
    if (this.ended) return;
    if (this.#failure !== undefined) {
      if (failure.error !== undefined) super.recordFailure(failure.error);
      return;
    }
    this.#failure = failure;
    this.error = failure.error;
  }

  postpone(): void {
    this.#isPostponed = true;
  }

  override recordFailure(error: unknown): void {
    this.fail({ error });
  }

  /** Ends the unit because the process ends. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.end();
  }

  override end(): void {
    if (this.ended) return;
    const endedAt = now();
    loopActivity.returned(endedAt, this);
    const seconds = (endedAt - this.#startedAt) / 1000;
    try {
      super.end();
      this.#recordOutcome(seconds);
      this.bufferedLines?.settle(
        this.#failure !== undefined || this.localTrace?.hasFailedSpan === true,
      );
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    } finally {
      this.#setIdsOnSpan();
      this.#ownSpan.end();
    }
  }

  #setIdsOnSpan(): void {
    const user = this.userOfSpan();
    if (user !== undefined) this.#ownSpan.setAttribute("user.id", user);
    const organization = this.organizationOfSpan();
    if (organization !== undefined)
      this.#ownSpan.setAttribute("telltale.organization.id", organization);
  }

  #recordOutcome(seconds: number): void {
    const failure = this.#failure;
    const errorType = failure && (failure.type ?? errorTypeOf(failure.error));
    if (failure !== undefined && errorType !== undefined) {
      this.#captureErrors(failure);
      failSpan(this.#ownSpan, failure.error, errorType);
    }
    this.#details.recordMetrics(this.#deps.metrics, seconds, errorType, this.#ownSpan);
    this.startCheckIn();
    this.#checkIn?.end(this.#outcome());
  }

  #outcome(): JobOutcome {
    if (this.#failure !== undefined) return this.#failure.willRetry === true ? "retried" : "failed";
    if (this.#isPostponed) return "retried";
    return this.#isInterrupted ? "interrupted" : "succeeded";
  }

  #captureErrors({ error, willRetry }: UnitFailure): void {
    for (const reported of new Set([error, ...(this.failures ?? [])])) {
      if (reported === undefined || reported === null) continue;
      this.error = reported;
      this.#deps.errors.captureJobError(this, willRetry);
    }
  }
}
