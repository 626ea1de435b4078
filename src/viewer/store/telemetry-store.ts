import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { OtlpSignal } from "../../otlp/decode.ts";
import type { JsonObject } from "../../otlp/protobuf.ts";
import type {
  LogDetail,
  MetricSeries,
  Page,
  ProfileSummary,
  RouteSummary,
  Run,
  UnitDetail,
  UnitSummary,
  ViewerEvent,
} from "../model.ts";
import type {
  LogQuery,
  NewProfile,
  OtlpExport,
  StoredProfile,
  StoreStatus,
  UnitFilter,
  UnitQuery,
  ViewerStore,
} from "../viewer-store.ts";
import type { PartRecord, ProfileRecord, StoredUnit } from "./history/archive.ts";
import { type FoundPart, History, type HistoryListener } from "./history/history.ts";
import { historyPathIn } from "./history/history-file.ts";
import { indexedAttributes } from "./units/indexed-attributes.ts";
import { logDetailOf } from "./details/log-detail.ts";
import { LogList } from "./log-list.ts";
import { LooseItems } from "./items/loose-items.ts";
import { MetricBook, timeOfMetric } from "./metric-book.ts";
import { idOfItem, itemsOf, type OtlpItem, Origins } from "./items/otlp-items.ts";
import { exportLines, mergeLines } from "./items/otlp-export.ts";
import { KnownItems } from "./items/known-items.ts";
import { requestOf } from "./items/otlp-request.ts";
import { oldLogs } from "./old-logs.ts";
import { Runs } from "./runs.ts";
import { spanFactsOf } from "./units/span-facts.ts";
import type { SpanNode } from "./units/span-node.ts";
import type { TracePart } from "./trace-part.ts";
import { Traces } from "./traces.ts";
import { unitDetail } from "./details/unit-detail.ts";
import type { MatchFilter } from "./units/unit-filter.ts";
import { UnitIndex } from "./units/unit-index.ts";
import type { RepeatedCallContext } from "./units/repeated-calls.ts";
import { summarize } from "./units/unit-summary.ts";
import { HistoryWriter } from "./history/history-writer.ts";

export interface StoreOptions {
  /** Source files of errors are shown if they are in this folder; empty: none. */
  readonly projectFolder: string;
  /** Path of the history; undefined: in memory only. Default: in the project's folder. */
  readonly history?: string | undefined;
  /** Limits of the history. Default: 20,000 and 256 MiB. */
  readonly maxUnits?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Repeated calls that are not reported: fingerprints and places. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** Reads the history beside the process that writes it. */
  readonly readOnly?: boolean | undefined;
  /** Prints one line. Default: none is printed. */
  readonly onMessage?: ((message: string) => void) | undefined;
}

export const DEFAULT_MAX_UNITS = 20_000;
export const DEFAULT_MAX_BYTES: number = 256 * 1024 * 1024;

/** Opens the history of a project. */
export function openStore(options: StoreOptions): TelemetryStore {
  return new TelemetryStore(options);
}

/** Runs without a unit of work that are kept, so that a restart is seen. */
const MAX_EMPTY_RUNS = 50;

export class TelemetryStore implements ViewerStore, HistoryListener {
  readonly #context: RepeatedCallContext;
  readonly #origins = new Origins();
  readonly #history: History;
  readonly #traces: Traces;
  readonly #index = new UnitIndex();
  readonly #runs = new Runs();
  readonly #logs = new LogList();
  readonly #metrics = new MetricBook();
  readonly #loose = new LooseItems();
  readonly #writer: HistoryWriter;
  readonly #listeners = new Set<(event: ViewerEvent) => void>();
  /** Profiles whose unit of work has not arrived, by trace and span. */
  readonly #waitingProfiles = new Map<string, ProfileRecord[]>();
  /** Parts whose units of work have to be summarized again. */
  readonly #stale = new Set<TracePart>();
  #areOldLogsRead = false;
  readonly #openedAt: number = Date.now();

  constructor(options: StoreOptions) {
    const { projectFolder, ignore = [] } = options;
    this.#context = { projectFolder, ignore };
    const limits = {
      units: options.maxUnits ?? DEFAULT_MAX_UNITS,
      bytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    };
    const file = {
      path: "history" in options ? options.history : historyPathIn(options.projectFolder),
      maxBytes: limits.bytes,
      readOnly: options.readOnly ?? false,
      onMessage: options.onMessage ?? (() => {}),
    };
    this.#history = new History(file, limits, this);
    this.#traces = new Traces(this.#history, this.#origins);
    this.#writer = new HistoryWriter({
      history: this.#history,
      traces: this.#traces,
      loose: this.#loose,
      runs: this.#runs,
      refresh: () => this.refresh(),
      settle: (part) => this.#update(part, part.takeOrphans()),
    });
    this.#history.load();
  }

  add(signal: OtlpSignal, request: JsonObject): number {
    let rejected = 0;
    const now = Date.now();
    for (const item of itemsOf(signal, request, this.#origins)) {
      try {
        if (signal === "traces") this.#addSpan(item, now);
        else if (signal === "logs") this.#addLog(item, now);
        else this.#addMetric(item, now);
      } catch {
        // A malformed id or time. The other items are not affected.
        rejected++;
      }
    }
    this.#writer.schedule();
    return rejected;
  }

  addProfile(profile: NewProfile): ProfileSummary {
    const { content, traceId, spanId, ...described } = profile;
    const unit = this.#index.bySpan(traceId, spanId)?.summary.id;
    const id = randomBytes(4).toString("hex");
    const summary = { id, ...described, ...(unit !== undefined && { unit }) };
    const data = deflateRawSync(JSON.stringify(content));
    const record = { summary, traceId, spanId, bytes: data.length };
    this.#writer.addProfile(record, data);
    if (unit === undefined) this.#waitForUnit(record);
    else this.#changeUnit(unit, (old) => ({ ...old, profiles: [...old.profiles, id] }));
    this.#publish({ type: "profile", profile: summary });
    return summary;
  }

  units(query: UnitQuery): Page<UnitSummary> {
    this.refresh();
    return this.#index.page(this.#resolve(query), query);
  }

  unit(id: string): UnitDetail | undefined {
    this.refresh();
    const unit = this.#index.find(id);
    if (unit === undefined) return undefined;
    const { summary, part } = unit;
    const run = this.#runs.get(summary.run);
    return unitDetail(this.#traces.itemsOf(summary.traceId, part), {
      summary,
      run: run && { ...run, requests: this.#index.countOfRun(run.id) },
      profiles: summary.profiles.flatMap((profile) => this.#profileSummary(profile) ?? []),
      ...this.#context,
    });
  }

  routes(filter: UnitFilter): RouteSummary[] {
    this.refresh();
    return this.#index.routes(this.#resolve(filter));
  }

  logs(query: LogQuery): Page<LogDetail> {
    this.#readOldLogs();
    return this.#logs.page(query);
  }

  metrics(service: string | undefined): MetricSeries[] {
    return this.#metrics.list(service);
  }

  runs(): Run[] {
    this.refresh();
    return this.#runs.all().map((run) => ({ ...run, requests: this.#index.countOfRun(run.id) }));
  }

  profile(id: string): StoredProfile | undefined {
    const summary = this.#profileSummary(id);
    const data = this.#profileContent(id);
    if (summary === undefined || data === undefined) return undefined;
    return { summary, content: JSON.parse(inflateRawSync(data).toString("utf8")) as object };
  }

  status(): StoreStatus {
    const { path, size: bytes } = this.#history;
    return {
      services: [...new Set(this.#runs.all().map(({ service }) => service))],
      history: { ...(path !== undefined && { path }), bytes, units: this.#index.size },
    };
  }

  exportUnit(id: string): OtlpExport | undefined {
    this.refresh();
    const unit = this.#index.find(id);
    if (unit === undefined) return undefined;
    const source = { traces: this.#traces, history: this.#history };
    const traceIds = [unit.summary.traceId];
    const exportOf = (signal: OtlpSignal): JsonObject =>
      mergeLines(signal, exportLines(source, signal, traceIds, false));
    const [traces, logs] = [exportOf("traces"), exportOf("logs")];
    return {
      traces,
      ...(Object.values(logs).some((list) => (list as unknown[]).length > 0) && { logs }),
    };
  }

  export(signal: OtlpSignal, filter: UnitFilter): JsonObject {
    return mergeLines(signal, this.exportLines(signal, filter));
  }

  /**
   * Exports what matches a filter: one request in the JSON encoding of OTLP for each
   * trace, a line each. Without a filter that includes what is in no trace.
   */
  exportLines(signal: OtlpSignal, filter: UnitFilter): Generator<string> {
    this.refresh();
    this.#writer.flush();
    const { noise: _, ...conditions } = filter;
    const isEverything = Object.values(conditions).every((value) => value === undefined);
    const traceIds = isEverything
      ? [...this.#traces.ids()]
      : this.#index.matching(this.#resolve(filter)).map(({ summary }) => summary.traceId);
    const source = { traces: this.#traces, history: this.#history };
    return exportLines(source, signal, traceIds, isEverything);
  }

  /**
   * Adds an export that may have been added before: what is here is not added again.
   *
   * @returns the number of items that were rejected
   */
  import(signal: OtlpSignal, request: JsonObject): number {
    return this.importAll(signal, [request]);
  }

  /** Adds several exports, such as the lines of a file, as `import` does. */
  importAll(signal: OtlpSignal, requests: Iterable<JsonObject>): number {
    this.refresh();
    this.#writer.endBatch();
    this.#writer.flush();
    const known = new KnownItems(this.#traces, this.#history);
    let rejected = 0;
    for (const request of requests) {
      rejected += this.add(signal, this.#withoutKnown(signal, request, known));
      // A line stays a line, so that the next export is equal.
      this.#writer.endBatch();
    }
    return rejected;
  }

  pin(id: string, pinned: boolean): boolean {
    this.refresh();
    const unit = this.#index.find(id);
    if (unit === undefined) return false;
    this.#changeUnit(unit.summary.id, (summary) => ({ ...summary, pinned }));
    return true;
  }

  setBaseline(id: string, name: string | undefined): boolean {
    if (!this.#runs.setBaseline(id, name)) return false;
    this.#writer.schedule();
    const run = this.#runs.get(id);
    if (run !== undefined) {
      this.#publish({ type: "run", run: { ...run, requests: this.#index.countOfRun(id) } });
    }
    return true;
  }

  clear(): void {
    this.refresh();
    const isKept = ({ summary }: StoredUnit): boolean =>
      summary.pinned || this.isBaseline(summary.run);
    const hot = [...this.#traces.hot.all()].filter(
      ({ units }) => ![...units.values()].some(isKept),
    );
    this.dropped(hot.map((part) => part.record()));
    this.#writer.discardBatches();
    this.#writer.flush();
    const dropped = [...this.#history.parts.values()].filter(({ units }) => !units.some(isKept));
    this.#history.remove(dropped.map(({ id }) => id));
    this.#history.removeBatches();
    this.#logs.clear();
    this.#areOldLogsRead = true;
    this.#publish({ type: "cleared" });
  }

  subscribe(listener: (event: ViewerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Writes everything to the history. */
  flush(): void {
    this.refresh();
    this.#writer.flush();
  }

  /** Makes units of work of the spans whose parent has not arrived. */
  settle(): void {
    this.refresh();
    for (const part of this.#traces.hot.all()) this.#update(part, part.takeOrphans());
  }

  close(): void {
    this.settle();
    this.flush();
    this.#writer.stop();
    this.#history.close();
    this.#listeners.clear();
  }

  /** Summarizes the units of work that have changed. */
  refresh(): void {
    for (const part of this.#stale) this.#update(part, part.takeChangedUnits());
    this.#stale.clear();
  }

  isBaseline(run: string): boolean {
    return this.#runs.isBaseline(run);
  }

  current(part: PartRecord): PartRecord {
    const hot = this.#traces.hot.get(part.id);
    return hot !== undefined && this.#writer.isWaiting(hot) ? hot.record() : part;
  }

  dropped(parts: readonly PartRecord[]): void {
    const ids = new Set<string>();
    for (const part of parts) {
      // Its units of work that are not written go too.
      for (const { units } of [part, this.current(part)]) {
        for (const { summary } of units) ids.add(summary.id);
      }
      const hot = this.#traces.hot.get(part.id);
      if (hot !== undefined) {
        this.#writer.forget(hot);
        this.#stale.delete(hot);
      }
      this.#traces.forget(part);
    }
    this.#removeUnits([...ids]);
    this.#forgetRuns();
  }

  found(parts: readonly FoundPart[], runs: readonly Run[]): void {
    this.#runs.restore(runs);
    for (const { part, before } of parts) {
      const hot = this.#traces.hot.get(part.id);
      // What this process has not written yet replaces what the other one has written.
      if (hot !== undefined && this.#writer.isWaiting(hot)) continue;
      if (hot !== undefined) this.#traces.hot.delete(hot);
      this.#traces.note(part);
      const present = new Set(part.units.map(({ summary }) => summary.id));
      const gone = (before?.units ?? []).filter(({ summary }) => !present.has(summary.id));
      this.#removeUnits(gone.map(({ summary }) => summary.id));
      for (const unit of part.units) {
        this.#index.set({ ...unit, part: part.id });
        this.#publish({ type: "unit", unit: unit.summary });
      }
    }
  }

  /** Spans are recognized when they are added; log records and metrics have no ids. */
  #withoutKnown(signal: OtlpSignal, request: JsonObject, known: KnownItems): JsonObject {
    if (signal === "traces") return request;
    const items = itemsOf(signal, request, this.#origins);
    const added = items.filter((item) => !known.has(signal, item));
    return requestOf(signal, added);
  }

  #addSpan(item: OtlpItem, now: number): void {
    const facts = spanFactsOf(item.value);
    this.#noteRun(item, facts.start);
    const part = this.#traces.partFor(facts.traceId);
    if (part.addSpan(facts, item, now)) this.#noteChanged(part);
  }

  #addLog(item: OtlpItem, now: number): void {
    const log = logDetailOf(item);
    this.#noteRun(item, log.time);
    this.#logs.add(log);
    this.#publish({ type: "log", log });
    const traceId = idOfItem(item.value, "traceId");
    if (traceId.length !== 32) {
      this.#loose.add("logs", item, log.time || now);
      return;
    }
    const part = this.#traces.partFor(traceId);
    part.addLog(item, log.time || now, now);
    this.#noteChanged(part);
  }

  #noteChanged(part: TracePart): void {
    this.#stale.add(part);
    this.#writer.changed(part);
  }

  #addMetric(item: OtlpItem, now: number): void {
    const time = timeOfMetric(item.value) ?? now;
    this.#noteRun(item, time);
    this.#metrics.add(item);
    this.#loose.add("metrics", item, time);
  }

  #noteRun({ resource }: OtlpItem, time: number): void {
    const run = this.#runs.note(resource, time);
    if (run !== undefined) this.#publish({ type: "run", run });
  }

  /** @param changed roots of units of work; undefined for one that is none any more */
  #update(part: TracePart, changed: ReadonlyMap<string, SpanNode[] | undefined>): void {
    const removed: string[] = [];
    for (const [spanId, roots] of changed) {
      const known = part.units.get(spanId);
      if (roots !== undefined) {
        this.#setUnit(part, this.#unitOf(part, roots, known));
      } else if (known !== undefined) {
        part.units.delete(spanId);
        removed.push(known.summary.id);
      }
      this.#writer.changed(part);
    }
    this.#removeUnits(removed);
  }

  #removeUnits(ids: readonly string[]): void {
    for (const id of ids) this.#index.delete(id);
    if (ids.length > 0) this.#publish({ type: "removed", ids });
  }

  #unitOf(part: TracePart, roots: readonly SpanNode[], known: StoredUnit | undefined): StoredUnit {
    const summary = summarize(roots, part.tree.logsWithoutSpan, this.#context);
    const { traceId, spanId } = summary;
    const id = known?.summary.id ?? this.#index.newId(traceId, spanId);
    const waiting = this.#takeWaitingProfiles(traceId, spanId, id);
    const profiles = [...(known?.summary.profiles ?? []), ...waiting];
    const pinned = known?.summary.pinned ?? false;
    return { summary: { id, ...summary, pinned, profiles }, attributes: indexedAttributes(roots) };
  }

  #setUnit(part: TracePart, unit: StoredUnit): void {
    part.units.set(unit.summary.spanId, unit);
    this.#writer.changed(part);
    this.#index.set({ ...unit, part: part.id });
    this.#publish({ type: "unit", unit: unit.summary });
  }

  #changeUnit(id: string, change: (summary: UnitSummary) => UnitSummary): void {
    const unit = this.#index.byId(id);
    if (unit === undefined) return;
    const record = this.#history.parts.get(unit.part);
    const part = this.#traces.hot.get(unit.part) ?? (record && this.#traces.open(record));
    if (part === undefined) return;
    // Another process reads the part again if this time has changed.
    part.changed += 0.001;
    const { attributes } = unit;
    this.#setUnit(part, { summary: change(unit.summary), attributes });
    this.#writer.schedule();
  }

  #waitForUnit(record: ProfileRecord): void {
    const key = `${record.traceId}${record.spanId}`;
    this.#waitingProfiles.set(key, [...(this.#waitingProfiles.get(key) ?? []), record]);
  }

  #takeWaitingProfiles(traceId: string, spanId: string, unit: string): string[] {
    const key = `${traceId}${spanId}`;
    const records = this.#waitingProfiles.get(key) ?? [];
    this.#waitingProfiles.delete(key);
    for (const record of records) this.#setUnitOfProfile(record, unit);
    return records.map(({ summary }) => summary.id);
  }

  #setUnitOfProfile(record: ProfileRecord, unit: string): void {
    const { id } = record.summary;
    const content = this.#profileContent(id);
    if (content === undefined) return;
    this.#writer.addProfile({ ...record, summary: { ...record.summary, unit } }, content);
  }

  #profileContent(id: string): Uint8Array | undefined {
    return this.#writer.profileData(id) ?? this.#history.profile(id);
  }

  #profileSummary(id: string): ProfileSummary | undefined {
    return this.#writer.profileSummary(id) ?? this.#history.profiles.get(id)?.summary;
  }

  #resolve({ run, ...filter }: UnitFilter): MatchFilter {
    return run === undefined ? filter : { ...filter, runs: this.#runs.resolve(run) };
  }

  #forgetRuns(): void {
    const empty = this.#runs
      .all()
      .filter(({ id, baseline }) => baseline === undefined && this.#index.countOfRun(id) === 0)
      .slice(MAX_EMPTY_RUNS)
      .map(({ id }) => id);
    for (const id of empty) this.#runs.delete(id);
    if (empty.length > 0) this.#history.removeRuns(empty);
  }

  #publish(event: ViewerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Fills the list of log records from earlier processes, when it is first read. */
  #readOldLogs(): void {
    if (this.#areOldLogsRead) return;
    this.#areOldLogsRead = true;
    this.#logs.addOld(oldLogs(this.#traces, this.#history, this.#openedAt));
  }
}
