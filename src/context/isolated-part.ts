import type { UnitOfWork } from "./unit-of-work.ts";
import type { FrameworkUser, IdSlot } from "./unit-views.ts";

/**
 * The part of a unit of work, or of the process, that runs in a scope of its own: its
 * user and organization do not reach the rest.
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

  /**
   * @param outer the unit of work, or the part of it, around this part.
   * @param sharesEvents whether the events in this part are also those of `outer`.
   */
  constructor(outer: IdSlot | undefined, unit: UnitOfWork | undefined, sharesEvents: boolean) {
    this.#outer = outer;
    this.#unit = unit;
    this.#sharesEvents = sharesEvents;
    this.#userId = outer?.userId;
    this.organizationId = outer?.organizationId;
    this.#errorEventId = outer?.errorEventId;
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
