import assert from "node:assert/strict";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { CaptureRegistry } from "../../src/errors/capture-registry.ts";

class Job extends UnitOfWork {
  readonly #startedIn: UnitOfWork;

  constructor(startedIn: UnitOfWork) {
    super();
    this.#startedIn = startedIn;
  }

  override startedByUnit(): UnitOfWork {
    return this.#startedIn;
  }
}

const request = new UnitOfWork();
const other = new UnitOfWork();
const job = new Job(request);
const nowhere = undefined;

/** Where an error is captured, in this order, and the number of events. */
const cases: readonly {
  readonly title: string;
  readonly places: readonly (UnitOfWork | undefined)[];
  readonly events: number;
  readonly error?: () => unknown;
}[] = [
  { title: "twice in one request", places: [request, request], events: 1 },
  { title: "in two requests", places: [request, other], events: 2 },
  { title: "in two requests alternately", places: [request, other, request, other], events: 2 },
  { title: "in a request, and when it ends the process", places: [request, nowhere], events: 1 },
  { title: "in a job, and in the request that awaits it", places: [job, request], events: 1 },
  { title: "in a job, and in another request", places: [job, other], events: 2 },
  { title: "twice outside a unit of work", places: [nowhere, nowhere], events: 1 },
  { title: "frozen, in two requests", places: [request, other], events: 2, error: frozen },
  { title: "a text, twice in one request", places: [request, request], events: 1, error: text },
  { title: "a text, in two requests", places: [request, other], events: 2, error: text },
  {
    title: "a text, twice outside a unit of work",
    places: [nowhere, nowhere],
    events: 2,
    error: text,
  },
];

describe("One error object", () => {
  for (const { title, places, events, error = () => new Error("the same") } of cases) {
    it(`captured ${title} makes ${events}`, () => {
      const captured = new CaptureRegistry();
      const thrown = error();
      const ids = new Set<string>();
      for (const [at, place] of places.entries()) {
        const known = captured.eventIdOf(thrown, place);
        if (known === undefined) captured.add(thrown, place, `event ${at}`);
        ids.add(known ?? `event ${at}`);
      }
      assert.equal(ids.size, events);
    });
  }
});

function frozen(): Error {
  return Object.freeze(new Error("frozen"));
}

function text(): string {
  return "only a text";
}
