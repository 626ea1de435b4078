import type { Context as ApiContext } from "@opentelemetry/api";
import { type BreadcrumbTrail, processTrail, type TrailSlot } from "./breadcrumb-trail.ts";
import { idsIn, unitOfWorkIn, withPart } from "./context.ts";
import { activeContext, runWithContext } from "./manager.ts";
import type { UnitOfWork } from "./unit-of-work.ts";
import type { FrameworkUser, IdSlot } from "./unit-views.ts";

/** Runs `work`, and what it starts, in an isolated part. */
export function runIsolated<R>(sharesEvents: boolean, work: () => R): R {
  return runWithContext(isolatedContext(activeContext(), sharesEvents), work);
}

/**
 * Returns a context for work with a user and an organization of its own.
 *
 * @param sharesEvents whether events of the work, and what leads to them, are also those
 *   of the unit of work.
 */
export function isolatedContext(context: ApiContext, sharesEvents: boolean): ApiContext {
  return withPart(context, new IsolatedPart(idsIn(context), unitOfWorkIn(context), sharesEvents));
}

/** Returns a context with the same ids as that from which `ids` were read. */
export function contextWithIds(context: ApiContext, ids: IdSlot): ApiContext {
  return withPart(context, ids instanceof IsolatedPart ? ids : undefined);
}

/**
 * The part of a unit of work, or of the process, that runs in a scope of its own: its
 * user and organization do not reach the rest. Its trail begins with what has led to it.
 */
export class IsolatedPart implements IdSlot {
  #userId: string | undefined;
  /** Whether the part has a user, or expressly none, of its own. */
  #isUserSet = false;
  organizationId: string | undefined;
  readonly #outer: IdSlot | undefined;
  readonly #unit: UnitOfWork | undefined;
  readonly #sharesEvents: boolean;
  #errorEventId: string | undefined;
  #trail: BreadcrumbTrail | undefined;

  /**
   * @param outer the unit of work, or the part of it, around this part.
   * @param sharesEvents whether the events in this part, and what leads to them, are
   *   also those of `outer`.
   */
  constructor(outer: IdSlot | undefined, unit: UnitOfWork | undefined, sharesEvents: boolean) {
    this.#outer = outer;
    this.#unit = unit;
    this.#sharesEvents = sharesEvents;
    this.#userId = outer?.userId;
    this.organizationId = outer?.organizationId;
    this.#errorEventId = outer?.errorEventId;
    this.#trail = sharesEvents ? undefined : this.#outerSlot().trail?.copy();
  }

  get userId(): string | undefined {
    return this.#userId ?? this.frameworkUser()?.id;
  }

  frameworkUser(): FrameworkUser | undefined {
    return this.#isUserSet ? undefined : this.#outer?.frameworkUser();
  }

  get requestId(): string | undefined {
    return this.#outer?.requestId;
  }

  get errorEventId(): string | undefined {
    return this.#errorEventId;
  }

  set errorEventId(id: string | undefined) {
    this.#errorEventId = id;
    if (this.#sharesEvents && this.#outer !== undefined) this.#outer.errorEventId = id;
  }

  get trail(): BreadcrumbTrail | undefined {
    return this.#sharesEvents ? this.#outerSlot().trail : this.#trail;
  }

  set trail(trail: BreadcrumbTrail | undefined) {
    if (this.#sharesEvents) this.#outerSlot().trail = trail;
    else this.#trail = trail;
  }

  #outerSlot(): TrailSlot {
    return this.#outer ?? processTrail;
  }

  setUserId(id: string | undefined): void {
    this.#userId = id;
    this.#isUserSet = true;
    this.#unit?.recordUserOfPart(id);
  }

  setOrganizationId(id: string | undefined): void {
    this.organizationId = id;
    this.#unit?.recordOrganizationOfPart(id);
  }
}
