import type { CheckIn, MonitorConfig } from "../../api.ts";
import type { JobInfo } from "../../context/job.ts";
import { runWithContext } from "../../context/manager.ts";
import { contextOfUnit } from "../../context/unit-access.ts";
import type { ErrorSlot } from "../../context/unit-views.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import type { ErrorsDeps, JobCheckIn, JobOutcome } from "../api.ts";
import { monitorSettingsOf } from "./monitor-config.ts";
import { monitorSlugOf } from "./monitor-slug.ts";

/** Maximum number of monitors of a process. Sentry bills each, and names may be generated. */
const MAX_MONITORS = 100;
/** Maximum number of jobs whose monitor is cached. */
const MAX_CACHED = 1000;

export interface CronCheckInsDeps extends Pick<ErrorsDeps, "config" | "diagnostics" | "resource"> {
  /** Sends a check-in. Must not throw. */
  readonly capture: (checkIn: CheckIn, config: MonitorConfig) => string | undefined;
}

interface Monitor {
  readonly monitorSlug: string;
  readonly config: MonitorConfig;
}

/** Sends the check-ins of jobs that libraries start by a schedule. */
export class CronCheckIns {
  readonly #deps: CronCheckInsDeps;
  /** Undefined for a job that can have no monitor, which has been logged. */
  readonly #monitors = new Map<string, Monitor | undefined>();
  /** The names of the jobs, by slug. */
  readonly #names = new Map<string, string>();

  constructor(deps: CronCheckInsDeps) {
    this.#deps = deps;
  }

  /**
   * Reports the start of a job. The attempts of one run are one check-in, from whatever
   * process: it has the id of the run, and ends with the last attempt.
   */
  start(unit: ErrorSlot): JobCheckIn | undefined {
    const job = unit.jobInfo();
    const monitor = job && this.#monitorOf(job);
    if (job === undefined || monitor === undefined) return undefined;
    const { monitorSlug, config } = monitor;
    const send = (checkIn: CheckIn): string | undefined =>
      runWithContext(contextOfUnit(unit), () => this.#deps.capture(checkIn, config));
    const runId = this.#checkInIdOf(job);
    const isFirst = (job.attempt ?? 1) === 1;
    const id = runId === undefined ? undefined : { checkInId: runId };
    const sentId = isFirst ? send({ monitorSlug, status: "in_progress", ...id }) : runId;
    const startedAt = performance.now();
    return {
      end(outcome) {
        const status = statusOf(outcome, runId !== undefined);
        if (status === undefined || sentId === undefined) return;
        // For later attempts Sentry knows the start of the first one.
        const duration = isFirst ? (performance.now() - startedAt) / 1000 : undefined;
        const time = duration === undefined ? undefined : { duration };
        send({ monitorSlug, status, checkInId: sentId, ...time });
      },
    };
  }

  #monitorOf(job: JobInfo): Monitor | undefined {
    const { runId: _runId, ...recurrence } = job.recurrence ?? {};
    const key = JSON.stringify([job.name, job.queue, recurrence]);
    if (this.#monitors.has(key)) return this.#monitors.get(key);
    const monitor = this.#createMonitor(job);
    if (this.#monitors.size >= MAX_CACHED) this.#monitors.clear();
    this.#monitors.set(key, monitor);
    return monitor;
  }

  #createMonitor(job: JobInfo): Monitor | undefined {
    const { name, queue = name, recurrence, isUnnamed = false } = job;
    const { config, problem } = monitorSettingsOf(recurrence ?? {});
    const fullName = lowCardinality(queue === name ? name : `${queue} ${name}`);
    const monitorSlug = monitorSlugOf(fullName);
    const found = problem ?? (isUnnamed ? UNNAMED : this.#claim(monitorSlug, fullName));
    if (config !== undefined && found === undefined) return { monitorSlug, config };
    const { diagnostics } = this.#deps;
    diagnostics.info(`errors.monitor.${fullName}`, `"${name}" has no check-ins: ${found}`);
    return undefined;
  }

  /** Reserves the slug for jobs of this name. Returns the reason if that is impossible. */
  #claim(slug: string, name: string): string | undefined {
    if (slug === "") return "its name has no letter that the name of a monitor can have";
    const owner = this.#names.get(slug);
    if (owner === undefined && this.#names.size >= MAX_MONITORS)
      return `the process has ${MAX_MONITORS} monitors already`;
    this.#names.set(slug, owner ?? name);
    if (owner === undefined || owner === name) return undefined;
    return `its monitor would be ${slug}, which is that of "${owner}"`;
  }

  /** Returns the id of the check-in of a run that several attempts, maybe in other processes, share. */
  #checkInIdOf({ queue, recurrence }: JobInfo): string | undefined {
    const runId = recurrence?.runId;
    if (runId === undefined) return undefined;
    const { config, resource } = this.#deps;
    const service = resource.attributes["service.name"];
    const parts = [config.dsn, config.environment, service, queue, runId];
    const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
    return hash.update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  }
}

const UNNAMED =
  "it has no name; set the option `name` of its schedule, or wrap its function in job()";

/** Returns undefined for a run that another attempt, maybe in another process, ends. */
function statusOf(outcome: JobOutcome, hasOtherAttempts: boolean): "ok" | "error" | undefined {
  if (outcome === "succeeded") return "ok";
  if (outcome === "failed") return "error";
  return outcome === "interrupted" && !hasOtherAttempts ? "error" : undefined;
}
