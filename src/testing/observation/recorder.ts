import type {
  ModulePatches,
  RecordedEvent,
  RecordedLog,
  RecordedPreload,
  RecordedSpan,
  StartedSpan,
  TestRecorder,
} from "../../development/test-recorder.ts";
import { Observation } from "./observation.ts";

/** Assigns what the preload records to the observations of the process, by their traces. */
export class Recorder implements TestRecorder {
  readonly #byTrace = new Map<string, Observation>();
  /** Undefined until the preload has started. */
  preload: RecordedPreload | undefined = undefined;
  patches: ModulePatches | undefined = undefined;

  connected(preload: RecordedPreload): void {
    this.preload = preload;
  }

  /** Creates the observation of a trace. */
  open(root: Pick<RecordedSpan, "traceId" | "spanId">): Observation {
    const observation = new Observation(root.spanId);
    this.#byTrace.set(root.traceId, observation);
    return observation;
  }

  close(observation: Observation): void {
    for (const [traceId, one] of this.#byTrace) {
      if (one === observation) this.#byTrace.delete(traceId);
    }
  }

  spanStarted(span: StartedSpan): void {
    const own = this.#byTrace.get(span.traceId);
    const linked = span.linked.map((id) => this.#byTrace.get(id));
    const observation = own ?? linked.find((one) => one !== undefined);
    if (observation === undefined) return;
    // A message or job has a trace of its own, which is linked to that of its sender.
    if (own === undefined) this.#byTrace.set(span.traceId, observation);
    observation.spanStarted(span);
  }

  spanEnded(span: RecordedSpan): void {
    this.#byTrace.get(span.traceId)?.spanEnded(span);
  }

  logged(record: RecordedLog): void {
    if (record.traceId !== undefined) this.#byTrace.get(record.traceId)?.logs.push(record);
    else for (const one of new Set(this.#byTrace.values())) one.logsWithoutTrace.push(record);
  }

  reported(event: RecordedEvent): void {
    const { trace } = (event["contexts"] ?? {}) as { trace?: { trace_id?: string } };
    this.#byTrace.get(trace?.trace_id ?? "")?.events.push(event);
  }
}
