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
const sibling = new Job(request);
const nowhere = undefined;

/** Sentry's mechanisms. */
const app = "generic";
const framework = "auto.http.server";
const rejection = "auto.node.onunhandledrejection";

type Place = readonly [unit: UnitOfWork | undefined, source: string];

/** Where an error is captured, in this order, and the number of events. */
const cases: readonly {
  readonly title: string;
  readonly places: readonly Place[];
  readonly events: number;
  readonly error?: () => unknown;
}[] = [
  { title: "twice in one request", places: [of(request), of(request)], events: 1 },
  {
    title: "by the app, the framework and the process",
    places: [
      [request, app],
      [request, framework],
      [request, rejection],
    ],
    events: 1,
  },
  { title: "in two requests", places: [of(request), of(other)], events: 2 },
  {
    title: "in two requests alternately",
    places: [of(request), of(other), of(request), of(other)],
    events: 2,
  },
  {
    title: "in a request, and when it ends the process",
    places: [of(request), of(nowhere)],
    events: 1,
  },
  {
    title: "in a job, and in the request that awaits it",
    places: [of(job), of(request)],
    events: 1,
  },
  { title: "in a job, and in another request", places: [of(job), of(other)], events: 2 },
  { title: "twice outside a unit of work", places: [of(nowhere), of(nowhere)], events: 1 },
  { title: "frozen, in two requests", places: [of(request), of(other)], events: 2, error: frozen },
];

/** The same for values without an identity. */
const primitiveCases: typeof cases = [
  {
    title: "by the app, the framework and the process",
    places: [
      [request, app],
      [request, framework],
      [request, rejection],
    ],
    events: 1,
  },
  {
    title: "by the process before the framework",
    places: [
      [request, rejection],
      [request, framework],
    ],
    events: 1,
  },
  {
    title: "by two calls in one request",
    places: [
      [request, app],
      [request, app],
    ],
    events: 2,
  },
  {
    title: "by two calls in one request, and then by its framework",
    places: [
      [request, app],
      [request, app],
      [request, framework],
    ],
    events: 2,
  },
  {
    title: "twice by the process in one request",
    places: [
      [request, rejection],
      [request, rejection],
    ],
    events: 2,
  },
  { title: "in two requests", places: [of(request), of(other)], events: 2 },
  {
    title: "in a job, and in the request that awaits it",
    places: [
      [job, "auto.job"],
      [request, framework],
    ],
    events: 1,
  },
  {
    title: "in two jobs, and in the request that awaits them",
    places: [
      [job, "auto.job"],
      [sibling, "auto.job"],
      [request, framework],
    ],
    events: 2,
  },
  { title: "twice outside a unit of work", places: [of(nowhere), of(nowhere)], events: 2 },
];

describe("One error object", () => {
  for (const { title, places, events, error = () => new Error("the same") } of cases) {
    it(`captured ${title} makes ${events}`, () => {
      assert.equal(eventCount(error(), places), events);
    });
  }
});

for (const [name, thrown] of [
  ["A text", "only a text"],
  ["`undefined`", undefined],
  ["A symbol", Symbol("thrown")],
] as const) {
  describe(name, () => {
    for (const { title, places, events } of primitiveCases) {
      it(`captured ${title} makes ${events}`, () => {
        assert.equal(eventCount(thrown, places), events);
      });
    }
  });
}

function eventCount(thrown: unknown, places: readonly Place[]): number {
  const captured = new CaptureRegistry();
  const ids = new Set<string>();
  for (const [at, [unit, source]] of places.entries()) {
    const known = captured.eventIdOf(thrown, { unit, source });
    if (known === undefined) captured.add(thrown, { unit, source }, `event ${at}`);
    ids.add(known ?? `event ${at}`);
  }
  return ids.size;
}

function of(unit: UnitOfWork | undefined): Place {
  return [unit, framework];
}

function frozen(): Error {
  return Object.freeze(new Error("frozen"));
}
