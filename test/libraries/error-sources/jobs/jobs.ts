import { mechanismOf, reasons, type Reporter } from "../places.ts";
import type { SourceGroup } from "../source-group.ts";

/** Where in a job an error occurs, with words for the docs. */
export const jobPlaces = {
  sync: "a job that throws",
  async: "a job that rejects",
  captured: "an error that the app captures",
  timer: "a callback that throws",
  floating: "a promise that nothing awaits",
  caught: "an error that the job catches",
} as const;

export type JobPlaceName = keyof typeof jobPlaces;

/** A scheduler, or a function of telltale, whose jobs throw values in every place. */
export interface JobSourceRow {
  /** Name and major version, as in the docs. */
  readonly library: string;
  /** In `queues/apps/failing/jobs.mjs`. */
  readonly scheduler: "node-cron" | "croner" | "job" | "monitor";
  readonly installed: string;
  readonly reporters: Readonly<Partial<Record<JobPlaceName, Reporter>>>;
  /** Undefined without a unit of work. */
  readonly transaction: string | undefined;
}

const common = { captured: "app", timer: "process", floating: "process", caught: "none" } as const;
const scheduled = {
  reporters: { sync: "job", async: "job", ...common },
  transaction: "cron * * * * * *",
} as const;
/** Nothing catches the error of the function that `job()` returns. */
const uncaught = { sync: "process", async: "process", ...common } as const;

export const jobSourceRows: readonly JobSourceRow[] = [
  { library: "node-cron 3", scheduler: "node-cron", installed: "node-cron3", ...scheduled },
  { library: "node-cron 4", scheduler: "node-cron", installed: "node-cron", ...scheduled },
  { library: "croner 9", scheduler: "croner", installed: "croner9", ...scheduled },
  { library: "croner 11", scheduler: "croner", installed: "croner", ...scheduled },
  {
    library: "`job()` in a timer",
    scheduler: "job",
    installed: "node:timers",
    reporters: uncaught,
    transaction: "fails",
  },
  {
    library: "`withMonitor()` in a timer",
    scheduler: "monitor",
    installed: "node:timers",
    // Outside of a unit of work, a throw leaves the scope, and texts are not recognized.
    reporters: { async: "process", timer: "process", floating: "process", caught: "none" },
    transaction: undefined,
  },
];

export const sourceGroup: SourceGroup = {
  title: "Scheduled jobs",
  sources: jobSourceRows.flatMap(({ library, reporters }) =>
    Object.entries(reporters).map(([name, reporter]) => {
      const place = name as JobPlaceName;
      const mechanism = mechanismOf(place, reporter);
      return { library, place: jobPlaces[place], mechanism, reason: reasons[place] };
    }),
  ),
};
