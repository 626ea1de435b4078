import { now, wallClockOriginAt } from "../../clock.ts";
import { runSuppressed } from "../../context/manager.ts";
import type { ArrivingWork, WatchedUnit, WorkObserver } from "../../context/unit-views.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { loopActivity } from "../../loop-activity.ts";
import { addViewerAttributes } from "../span-data.ts";
import { type ProfileCommand, profileCommandOf, ProfileCommands } from "./profile-commands.ts";
import { requestedProfile } from "./profile-request.ts";
import { type ProfileMeta, ProfileUpload } from "./profile-upload.ts";
import {
  type ProfileKind,
  type Recording,
  type SamplingIntervals,
  startRecording,
} from "../../profiling/recording.ts";
import { workName } from "../../profiling/work-name.ts";

/** A request of 20 ms has a hundred samples. */
const INTERVALS: SamplingIntervals = { cpuUs: 200, allocationBytes: 4_096 };

/** After so long a time a recording ends, though its request goes on. */
const MAX_RECORDING_MS = 30_000;

/** Attribute of the span of a request that asked for a profile and got none: the reason. */
const SKIPPED = "telltale.profile.skipped";

export interface RequestProfilerOptions {
  /** For example `http://localhost:9465`. */
  readonly viewerUrl: string;
  readonly service: string;
  readonly diagnostics: Pick<Diagnostics, "warn">;
  /** Default: 30 s. */
  readonly maxRecordingMs?: number;
}

/** The profile that is being recorded, and its request. */
interface Current {
  readonly kind: ProfileKind;
  readonly recording: Recording;
  readonly command: ProfileCommand | undefined;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  readonly timer: NodeJS.Timeout;
  overlapping: number;
  unit: WatchedUnit | undefined;
}

/**
 * Records profiles of single requests, messages and jobs, where a request or the viewer
 * asks for one. A profile is that of the whole thread: other work in progress is
 * counted. One profile is recorded at a time.
 */
export class RequestProfiler implements WorkObserver {
  readonly #options: RequestProfilerOptions;
  readonly #upload: ProfileUpload;
  readonly #commands = new ProfileCommands();
  #current: Current | undefined;
  #inFlight = 0;
  /** Why the work that is about to start is not recorded, though it should be. */
  #skipped: string | undefined;

  constructor(options: RequestProfilerOptions) {
    this.#options = options;
    this.#upload = new ProfileUpload(options.viewerUrl);
  }

  /** Takes a command of the viewer: `{"kind": "cpu", "name": "GET /orders/:id"}`; returns whether it is one. */
  addCommand(value: unknown): boolean {
    const command = profileCommandOf(value);
    if (command !== undefined) this.#commands.add(command);
    return command !== undefined;
  }

  arriving(work: ArrivingWork): void {
    try {
      const requested = requestedProfile(work);
      const command = requested === undefined ? this.#freeCommand(work) : undefined;
      const kind = requested ?? command?.kind;
      if (kind !== undefined) this.#start(kind, command);
    } catch (error) {
      this.#skipped = reasonOf(error);
      this.#options.diagnostics.warn("profile", `no profile was recorded: ${this.#skipped}`);
    }
  }

  started(unit: WatchedUnit): void {
    const current = this.#current;
    if (current !== undefined && current.unit === undefined) {
      current.unit = unit;
      // After the end of its span, whose duration is not to include it.
      unit.onEnded(() => process.nextTick(() => this.#finish(current, false)));
    } else if (current !== undefined) {
      current.overlapping++;
    }
    if (this.#skipped !== undefined && unit.span !== undefined) {
      addViewerAttributes(unit.span, [SKIPPED, this.#skipped]);
    }
    this.#skipped = undefined;
    this.#inFlight++;
  }

  /** Called at the end of each unit of work. */
  ended(): void {
    this.#inFlight--;
  }

  /** A command waits until no other profile is recorded. */
  #freeCommand(work: ArrivingWork): ProfileCommand | undefined {
    return this.#current === undefined ? this.#commands.candidate(work) : undefined;
  }

  #start(kind: ProfileKind, command: ProfileCommand | undefined): void {
    if (this.#current !== undefined) {
      this.#skipped = "another profile is being recorded";
      return;
    }
    const recording = startRecording(kind, INTERVALS);
    const startedAt = now();
    // V8 has registered all functions meanwhile, which is no stall of the app's code.
    loopActivity.skipped(startedAt);
    const { maxRecordingMs = MAX_RECORDING_MS } = this.#options;
    const timer = runSuppressed(() =>
      setTimeout(() => this.#finish(current, true), maxRecordingMs),
    );
    timer.unref();
    const overlapping = this.#inFlight;
    const current = { kind, recording, command, startedAt, timer, overlapping, unit: undefined };
    this.#current = current;
  }

  #finish(current: Current, isCut: boolean): void {
    if (this.#current !== current) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    const endedAt = now();
    try {
      const profile = current.recording.stop();
      const name = workName(current.unit);
      if (current.command !== undefined && !this.#wasMeant(current.command, name)) return;
      this.#send(current, { profile, name, isCut, durationMs: endedAt - current.startedAt });
    } catch (error) {
      this.#report(reasonOf(error));
    } finally {
      loopActivity.skipped(now());
    }
  }

  /** Whether the request had the route of the command, which is then done. */
  #wasMeant(command: ProfileCommand, name: string): boolean {
    if (command.name !== undefined && command.name !== name) return false;
    this.#commands.done(command);
    return true;
  }

  #send(
    { kind, unit, startedAt, overlapping }: Current,
    result: {
      readonly profile: unknown;
      readonly name: string;
      readonly isCut: boolean;
      readonly durationMs: number;
    },
  ): void {
    const { profile, ...rest } = result;
    const ids = unit?.span?.spanContext();
    const meta = {
      kind,
      traceId: ids?.traceId ?? "",
      spanId: ids?.spanId ?? "",
      service: this.#options.service,
      start: wallClockOriginAt(startedAt) + startedAt,
      overlapping,
      samples: sampleCountOf(profile),
      ...rest,
    };
    void runSuppressed(() => this.#sendAndReport(meta, profile));
  }

  async #sendAndReport(meta: ProfileMeta, profile: unknown): Promise<void> {
    try {
      const problem = await this.#upload.send(meta, profile);
      if (problem !== undefined) this.#report(problem);
    } catch (error) {
      this.#report(reasonOf(error));
    }
  }

  #report(reason: string): void {
    this.#options.diagnostics.warn("profile", `a profile could not be sent: ${reason}`);
  }
}

function sampleCountOf(profile: unknown): number {
  const { samples } = profile as { readonly samples?: readonly unknown[] };
  return samples?.length ?? 0;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
