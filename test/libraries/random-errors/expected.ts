import { type Step, type Unit, unitOf } from "./plan.ts";

/** How a unit of work is started. */
export type UnitKind = "request" | "message" | "job" | "thread";

/** An event, as the plan of its unit determines it. */
export interface ExpectedEvent {
  readonly message: string;
  readonly unit: string;
  readonly kind: UnitKind;
  readonly user: string | undefined;
  readonly requestId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A unit of work that was run. */
export interface ExpectedUnit {
  readonly unit: Unit;
  readonly kind: UnitKind;
  /** Whether an error of its own, or of a request that it sent, is a reason to keep its trace. */
  readonly hasError: boolean;
}

export interface Expected {
  readonly events: readonly ExpectedEvent[];
  readonly units: ReadonlyMap<string, ExpectedUnit>;
}

/** What a message carries of the unit of work that sends it. */
interface Sender {
  readonly user: string | undefined;
  readonly requestId: string | undefined;
}

/** A unit of work that is being followed. */
interface Run {
  readonly id: string;
  readonly kind: UnitKind;
  readonly requestId: string | undefined;
  hasError: boolean;
}

/** The scope of a unit of work. */
interface Scope {
  user: string | undefined;
  tags: Record<string, string>;
}

/** Follows the plans of units, as their processes do. */
export class Expectations implements Expected {
  readonly events: ExpectedEvent[] = [];
  readonly units: Map<string, ExpectedUnit> = new Map();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds a unit and those that it starts. Returns whether it fails. */
  add(id: string, kind: UnitKind, sender?: Sender): boolean {
    const unit = unitOf(this.#seed, id);
    const before = this.events.length;
    const scope: Scope = { user: sender?.user, tags: {} };
    // The run sends the first messages by requests of their own.
    const hasOwnRequest = kind === "request" || (kind === "message" && sender === undefined);
    const requestId = hasOwnRequest ? `request-${id}` : sender?.requestId;
    const run: Run = { id, kind, requestId, hasError: false };
    this.#follow(unit.steps, scope, run);
    if (unit.failure !== undefined) this.#addEvent(unit.failure.message, scope, run);
    this.#follow(unit.late, scope, run);
    const ownEvents = this.events.slice(before).filter((event) => event.unit === id);
    this.units.set(id, { unit, kind, hasError: run.hasError || ownEvents.length > 0 });
    return unit.failure !== undefined;
  }

  #follow(steps: readonly Step[], scope: Scope, run: Run): void {
    for (const step of steps) {
      switch (step.do) {
        case "pause":
          break;
        case "user":
          scope.user = step.user;
          break;
        case "tag":
          scope.tags[step.key] = step.value;
          break;
        case "capture":
          this.#addEvent(step.message, scope, run);
          break;
        case "span":
          this.#follow(step.steps, scope, run);
          break;
        case "isolate":
          this.#follow(step.steps, { user: scope.user, tags: { ...scope.tags } }, run);
          break;
        case "call":
          // The span of a call that is answered with 500 is failed.
          if (this.add(step.id, "request")) run.hasError = true;
          break;
        case "enqueue":
          this.add(step.id, "message", { user: scope.user, requestId: run.requestId });
          break;
        default:
          this.add(step.id, step.do);
      }
    }
  }

  #addEvent(message: string, { user, tags }: Scope, { id, kind, requestId }: Run): void {
    this.events.push({ message, unit: id, kind, user, requestId, tags: { ...tags } });
  }
}
