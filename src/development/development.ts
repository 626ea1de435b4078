import type { TracerProvider } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import { isMainThread } from "node:worker_threads";
import type { WorkObserver } from "../context/unit-views.ts";
import type { StallObserver } from "../loop-activity.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type { TelemetryExporter } from "../export/telemetry-exporter.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { recordCacheLookups } from "./cache-lookups.ts";
import { CallRecorder } from "./call-recorder.ts";
import { RequestProfiler } from "./profiles/request-profiler.ts";
import { DevelopmentRequestLog, type RequestLogOptions } from "./request-log/request-log.ts";
import { RequestRecorder } from "./request-recorder.ts";
import { runResource } from "./run-resource.ts";
import { DevelopmentStalls } from "./stalls/stall-observer.ts";
import type { TimingHeaders } from "./timing-headers.ts";
import { ViewerCommands } from "./viewer-commands.ts";
import { ViewerConnection } from "./viewer-connection.ts";
import { ViewerExport } from "./viewer-export.ts";

/** The preload's parts for development: for the viewer, the log of requests, and tests. */
export interface Development {
  readonly spanProcessor: SpanProcessor;
  readonly addRecord: ViewerExport["addRecord"];
  /** Undefined without a viewer. */
  readonly createMetricExporter?: () => TelemetryExporter<ResourceMetrics>;
  readonly workObserver: WorkObserver | undefined;
  /** Undefined in a worker thread of the app. */
  readonly stallObserver: StallObserver | undefined;
  readonly calls: CallRecorder;
  /** Returns what is called when the head of a response is sent. */
  headSent(timings: TimingHeaders | undefined): TimingHeaders | undefined;
  readonly pipelines: readonly Pipeline[];
  hasUnsent(): boolean;
  /** Gets the envelopes of Sentry, which are then not sent; undefined outside of tests. */
  readonly onEnvelope?: (envelope: readonly unknown[]) => void;
  /** Starts to ask the viewer for commands, or to serve tests. */
  start(signals: DevelopmentSignals): void;
}

/** The signals of the preload, for tests. */
export interface DevelopmentSignals {
  readonly tracerProvider: TracerProvider;
  readonly collect: () => ResourceMetrics;
  readonly flushEvents: (timeoutMs: number) => Promise<void>;
}

interface DevelopmentDeps {
  /** For example `http://localhost:9465`. Undefined: no viewer. */
  readonly viewerUrl: string | undefined;
  /** Undefined: no log of requests. */
  readonly requestLog: RequestLogOptions["level"] | undefined;
  /** Minimum duration of a slow request, in milliseconds. */
  readonly slowRequestMs: number;
  /** Repeated calls that are not reported. */
  readonly ignoredCalls: readonly string[];
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly diagnostics: Diagnostics;
}

/** Creates what `TELLTALE_VIEWER` and `TELLTALE_DEV_LOG` switch on; undefined without both. */
export function createDevelopment(deps: DevelopmentDeps): Development | undefined {
  const { viewerUrl, requestLog: level, ignoredCalls, slowRequestMs: slowMs } = deps;
  const viewer = viewerUrl === undefined ? undefined : createViewerParts(viewerUrl, deps);
  if (level === undefined) return viewer;
  const log = new DevelopmentRequestLog({ level, ignoredCalls, slowMs });
  return viewer === undefined ? withoutViewer(log, deps) : withRequestLog(viewer, log);
}

/** Returns the parts that the log of requests needs. */
function withoutViewer(log: DevelopmentRequestLog, { redactor }: DevelopmentDeps): Development {
  return {
    spanProcessor: log,
    addRecord: (record) => log.addRecord(record.toRecord()),
    workObserver: log,
    stallObserver: undefined,
    calls: new CallRecorder(redactor),
    headSent: (timings) => timings,
    pipelines: [],
    hasUnsent: () => false,
    start() {},
  };
}

/** Adds the log of requests to the parts of the viewer. */
function withRequestLog(viewer: Development, log: DevelopmentRequestLog): Development {
  return {
    ...viewer,
    spanProcessor: {
      onStart: (span, parent) => log.onStart(span, parent),
      onEnd(span) {
        viewer.spanProcessor.onEnd(span);
        log.onEnd(span);
      },
      forceFlush: () => viewer.spanProcessor.forceFlush(),
      shutdown: () => viewer.spanProcessor.shutdown(),
    },
    addRecord(record) {
      viewer.addRecord(record);
      log.addRecord(record.toRecord());
    },
    workObserver: {
      arriving: (work) => viewer.workObserver?.arriving(work),
      started(unit) {
        viewer.workObserver?.started(unit);
        log.started(unit);
      },
    },
  };
}

function createViewerParts(
  viewerUrl: string,
  { ignoredCalls, resource, redactor, diagnostics }: DevelopmentDeps,
): Development {
  const connection = new ViewerConnection(viewerUrl, diagnostics);
  // The watched thread is the main one.
  const stalls = isMainThread ? new DevelopmentStalls() : undefined;
  const viewer = new ViewerExport(connection, runResource(resource, ignoredCalls), stalls);
  const service = String(resource.attributes["service.name"]);
  const profiler = new RequestProfiler({ viewerUrl, service, diagnostics });
  const commands = new ViewerCommands({
    connection,
    service,
    onCommand: (command) => profiler.addCommand(command),
  });
  const requests = new RequestRecorder(redactor);
  return {
    spanProcessor: viewer,
    addRecord: (record) => viewer.addRecord(record),
    createMetricExporter: () => viewer.createMetricExporter(),
    workObserver: observerOf(profiler, requests),
    stallObserver: stalls,
    calls: new CallRecorder(redactor),
    headSent: (timings) => requests.headSent(timings),
    pipelines: viewer.pipelines,
    hasUnsent: () => viewer.hasUnsent(),
    start() {
      if (isMainThread) commands.start();
    },
  };
}

function observerOf(profiler: RequestProfiler, requests: RequestRecorder): WorkObserver {
  return {
    arriving(work) {
      profiler.arriving(work);
      requests.arriving(work);
    },
    started(unit) {
      profiler.started(unit);
      requests.started(unit);
      unit.onEnded(() => {
        profiler.ended();
        recordCacheLookups(unit);
      });
    },
  };
}
