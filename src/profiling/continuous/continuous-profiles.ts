import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { Attributes } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import type { ProfileDestination } from "../../config/config.ts";
import type { WorkObserver } from "../../context/unit-views.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { UnsentTelemetry } from "../../diagnostics/unsent-telemetry.ts";
import { FULL_JITTER } from "../../export/connection/retry.ts";
import { runWithDeadline } from "../../export/deadline.ts";
import type { ExitRequestFactory, Pipeline } from "../../export/pipeline.ts";
import { loopActivity } from "../../loop-activity.ts";
import { OriginalPlaces } from "./original-places.ts";
import { loadPprofPackage, UnusablePackage } from "./pprof-package.ts";
import { type ProfileFile, profileName } from "./profile-file.ts";
import { ProfileFolder } from "./profile-folder.ts";
import { ProfileQueue } from "./profile-queue.ts";
import { ProfileReceiver } from "./profile-receiver.ts";
import {
  ContinuousProfiler,
  HEAP_INTERVAL_BYTES,
  type SampledKind,
  type SampledPeriod,
  SAMPLES_PER_SECOND,
} from "./profiler.ts";
import { SampledProfile } from "./sampled-pprof.ts";
import { AsyncWorkContext, LoneWorkContext } from "./work-context.ts";

const compress = promisify(gzip);

/** Time between two profiles, in milliseconds. */
const PERIOD_MS = 60_000;
/**
 * Time until the profiler starts, in milliseconds. The app has loaded its modules then: loading
 * the package's takes some 50 ms, and a profiler of the app's own comes first.
 */
const START_DELAY_MS = 1_000;

export interface ContinuousProfilesDeps {
  readonly destination: ProfileDestination;
  readonly resource: { readonly attributes: Attributes };
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent: UnsentTelemetry;
  /** Time limit of the flush at the end of the process; 0: there is none. */
  readonly flushTimeoutMs: number;
  /** Where the app is, a file or a folder. */
  readonly appPath: string;
  readonly periodMs?: number;
  readonly startDelayMs?: number;
}

/**
 * Records a profile of this thread's time, and one of its memory, each minute, by the app's
 * `@datadog/pprof`, and exports them. Never throws, and never keeps the process alive.
 */
export class ContinuousProfiles implements Pipeline {
  readonly workObserver: WorkObserver;
  /** At the end of the process, one last profile is enough. */
  readonly isSnapshot = true;
  readonly #deps: ContinuousProfilesDeps;
  readonly #periodMs: number;
  readonly #contexts = { asynchronous: new AsyncWorkContext(), lone: new LoneWorkContext() };
  readonly #places = new OriginalPlaces();
  readonly #queue: ProfileQueue;
  readonly #service: string;
  #profiler: ContinuousProfiler | undefined = undefined;
  /** Number of periods that are being encoded. */
  #encoding = 0;

  constructor(deps: ContinuousProfilesDeps) {
    const { destination, resource, diagnostics, counters } = deps;
    this.#deps = deps;
    this.#periodMs = deps.periodMs ?? PERIOD_MS;
    this.#service = String(resource.attributes["service.name"]);
    const sink =
      destination.kind === "folder"
        ? new ProfileFolder(destination.path, diagnostics)
        : new ProfileReceiver(destination, resource.attributes, diagnostics);
    this.#queue = new ProfileQueue(sink, counters);
    const { asynchronous, lone } = this.#contexts;
    this.workObserver = {
      arriving() {},
      started: (unit) => {
        // Pyroscope's link from a span to its profile: Grafana looks for this attribute.
        if (destination.kind === "pyroscope" && this.#profiler !== undefined)
          unit.span?.setAttribute("pyroscope.profile.id", unit.span.spanContext().spanId);
        asynchronous.started(unit);
        lone.started(unit);
      },
    };
    setTimeout(() => this.#start(), deps.startDelayMs ?? START_DELAY_MS).unref();
  }

  /** Whether samples are taken. */
  get isActive(): boolean {
    return this.#profiler !== undefined;
  }

  /** Whether the end of the process would lose samples or profiles. */
  hasUnsent(): boolean {
    return this.#profiler !== undefined || this.#encoding > 0 || !this.#queue.isEmpty;
  }

  /** Ends the profile of allocations until the returned function is called: V8 has one sampler of them. */
  pauseHeap(): () => void {
    this.#profiler?.stopHeap();
    return () => this.#profiler?.startHeap();
  }

  async flush(timeoutMs: number): Promise<void> {
    await runWithDeadline(timeoutMs, () => this.#queue.sent());
  }

  drainForExit(): ExitRequestFactory[] {
    if (this.#deps.flushTimeoutMs === 0) return [];
    return [...this.#queue.drainForExit(), ...this.#lastProfiles()];
  }

  #start(): void {
    const { destination, diagnostics, appPath } = this.#deps;
    const startedAt = now();
    try {
      const hasTraceIds = destination.kind !== "pyroscope";
      const profiler = new ContinuousProfiler(
        loadPprofPackage(appPath),
        this.#contexts,
        hasTraceIds,
      );
      profiler.start(() => this.#givenWay());
      this.#profiler = profiler;
      this.#deps.unsent.mark();
      diagnostics.debug("profiles", `continuous profiles have started${modeOf(profiler)}`);
      // At random, so that the processes of a fleet do not export at the same time.
      this.#schedule(this.#periodMs * (1 - FULL_JITTER * Math.random()));
    } catch (error) {
      const reason = error instanceof UnusablePackage ? error.message : failureText(error);
      diagnostics.warn("profiles", `there are no continuous profiles: ${reason}`);
    } finally {
      // Native code was loaded meanwhile, which is no stall of the app's.
      loopActivity.skipped(startedAt);
      loopActivity.skipped(now());
    }
  }

  #schedule(ms: number): void {
    setTimeout(() => void this.#tick(), ms).unref();
  }

  async #tick(): Promise<void> {
    if (this.#profiler === undefined) return;
    this.#schedule(this.#periodMs);
    this.#encoding++;
    try {
      const period = this.#collect();
      if (period !== undefined) await this.#export(period);
    } catch (error) {
      this.#deps.diagnostics.error("profile", `no profile was recorded: ${failureText(error)}`);
    } finally {
      this.#encoding--;
    }
  }

  /** Returns undefined if the app has stopped the profiler. */
  #collect(): SampledPeriod | undefined {
    const profiler = this.#profiler;
    if (profiler === undefined) return undefined;
    if (!profiler.isActive) {
      profiler.stop();
      this.#givenWay();
      return undefined;
    }
    this.#deps.unsent.mark();
    try {
      return this.#deps.counters.measure(() => profiler.collect());
    } finally {
      loopActivity.skipped(now());
    }
  }

  async #export({ profiles, ...time }: SampledPeriod): Promise<void> {
    for (const { kind, profile } of profiles) {
      const sampled = new SampledProfile(profile);
      await this.#places.find(sampled.places);
      const content = this.#deps.counters.measure(() => this.#encode(kind, sampled, time));
      loopActivity.skipped(now());
      this.#queue.add(this.#fileOf(kind, await compress(content), time));
    }
  }

  #encode(kind: SampledKind, sampled: SampledProfile, time: PeriodTime): Uint8Array {
    const comments = [`${this.#service}, process ${process.pid}`];
    return sampled.encode(this.#places, {
      ...time,
      comments,
      // Of the types sample, wall and cpu, and of inuse_objects and inuse_space: what was sampled.
      periodType: 1,
      period: kind === "cpu" ? 1e9 / SAMPLES_PER_SECOND : HEAP_INTERVAL_BYTES,
    });
  }

  #fileOf(kind: SampledKind, content: Uint8Array, time: PeriodTime): ProfileFile {
    const { startMs, durationMs } = time;
    const name = profileName(kind, startMs, this.#service);
    return { kind, name, content, startMs, endMs: startMs + durationMs };
  }

  /** Returns what delivers the profiles of the time since the last ones. */
  #lastProfiles(): ExitRequestFactory[] {
    const period = this.#collect();
    return (period?.profiles ?? []).flatMap(({ kind, profile }) => {
      this.#deps.counters.created++;
      return this.#queue.deliverAtExit(() => {
        const content = this.#encode(kind, new SampledProfile(profile), period!);
        return this.#fileOf(kind, gzipSync(content), period!);
      });
    });
  }

  #givenWay(): void {
    this.#profiler = undefined;
    this.#deps.diagnostics.warn(
      "profiles",
      "continuous profiles have ended: the app uses @datadog/pprof itself, as dd-trace does; use one of the two",
    );
  }
}

type PeriodTime = Omit<SampledPeriod, "profiles">;

function modeOf(profiler: ContinuousProfiler): string {
  return profiler.followsAsyncWork
    ? ""
    : "; samples have labels only while a single unit of work is in flight";
}

function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
