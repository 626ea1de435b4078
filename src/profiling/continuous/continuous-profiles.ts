import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { Attributes } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import type { ProfileDestination } from "../../config/config.ts";
import type { WatchedUnit, WorkObserver } from "../../context/unit-views.ts";
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
  /** What was collected and is not queued yet. */
  readonly #collected = new Set<CollectedProfile>();

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
    this.workObserver = {
      arriving() {},
      started: (unit) => this.#observe(unit),
    };
    setTimeout(() => this.#start(), deps.startDelayMs ?? START_DELAY_MS).unref();
  }

  /** Whether samples are taken. */
  get isActive(): boolean {
    return this.#profiler !== undefined;
  }

  /** Whether the end of the process would lose samples or profiles. */
  hasUnsent(): boolean {
    return this.#profiler !== undefined || this.#collected.size > 0 || !this.#queue.isEmpty;
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
    const queued = this.#queue.drainForExit();
    this.#collect();
    return [...queued, ...[...this.#collected].flatMap((one) => this.#deliverAtExit(one))];
  }

  #observe(unit: WatchedUnit): void {
    const profiler = this.#profiler;
    // Pyroscope's link from a span to its profile: Grafana looks for this attribute.
    if (profiler !== undefined && this.#deps.destination.kind === "pyroscope")
      unit.span?.setAttribute("pyroscope.profile.id", unit.span.spanContext().spanId);
    const { asynchronous, lone } = this.#contexts;
    // Until it has started it is not known which one it uses.
    if (profiler?.followsAsyncWork === true) asynchronous.started(unit);
    else lone.started(unit);
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
      diagnostics.warn("no profiles", `there are no continuous profiles: ${reason}`);
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
    for (const one of this.#collect()) await this.#export(one);
  }

  /** Ends a period. Returns nothing if there is no profile of it. */
  #collect(): readonly CollectedProfile[] {
    const profiler = this.#profiler;
    if (profiler === undefined) return [];
    if (!profiler.isActive) {
      profiler.stop();
      this.#givenWay();
      return [];
    }
    const { unsent, counters } = this.#deps;
    unsent.mark();
    try {
      const { profiles, ...time } = counters.measure(() => profiler.collect());
      const collected = profiles.map(({ kind, profile }) => ({
        ...{ kind, time },
        profile: new SampledProfile(profile),
      }));
      for (const one of collected) this.#collected.add(one);
      counters.created += collected.length;
      return collected;
    } catch (error) {
      this.#reportFailure(error);
      return [];
    } finally {
      loopActivity.skipped(now());
    }
  }

  async #export(collected: CollectedProfile): Promise<void> {
    try {
      await this.#places.find(collected.profile.places);
      const encoded = this.#deps.counters.measure(() => this.#encode(collected));
      loopActivity.skipped(now());
      const content = await compress(encoded);
      // Else the end of the process has taken it.
      if (this.#collected.delete(collected)) this.#queue.add(this.#fileOf(collected, content));
    } catch (error) {
      if (this.#collected.delete(collected)) this.#deps.counters.drop("failed", 1);
      this.#reportFailure(error);
    }
  }

  #encode({ kind, profile, time }: CollectedProfile): Uint8Array {
    return profile.encode(this.#places, {
      ...time,
      comments: [`${this.#service}, process ${process.pid}`],
      // Of the types sample, wall and cpu, and of inuse_objects and inuse_space: what was sampled.
      periodType: 1,
      period: kind === "cpu" ? 1e9 / SAMPLES_PER_SECOND : HEAP_INTERVAL_BYTES,
    });
  }

  #fileOf(
    { kind, time: { startMs, durationMs } }: CollectedProfile,
    content: Uint8Array,
  ): ProfileFile {
    const name = profileName(kind, startMs, this.#service);
    return { kind, name, content, startMs, endMs: startMs + durationMs };
  }

  #deliverAtExit(collected: CollectedProfile): ExitRequestFactory[] {
    this.#collected.delete(collected);
    return this.#queue.deliverAtExit(() =>
      this.#fileOf(collected, gzipSync(this.#encode(collected))),
    );
  }

  #reportFailure(error: unknown): void {
    this.#deps.diagnostics.error("profile", `no profile was recorded: ${failureText(error)}`);
  }

  #givenWay(): void {
    this.#profiler = undefined;
    this.#deps.diagnostics.warn(
      "profiles ended",
      "continuous profiles have ended: the app uses @datadog/pprof itself, as dd-trace does; use one of the two",
    );
  }
}

/** A profile that is not encoded. */
interface CollectedProfile {
  readonly kind: SampledKind;
  readonly profile: SampledProfile;
  readonly time: Omit<SampledPeriod, "profiles">;
}

function modeOf(profiler: ContinuousProfiler): string {
  return profiler.followsAsyncWork
    ? ""
    : "; samples have labels only while a single unit of work is in flight";
}

function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
