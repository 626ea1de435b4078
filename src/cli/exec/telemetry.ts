import { basename } from "node:path";
import type { Context, SpanContext } from "@opentelemetry/api";
import type { Config } from "../../config/config.ts";
import { parseConfig } from "../../config/parse.ts";
import { formatIssues } from "../../config/report.ts";
import { ROOT_CONTEXT, SPAN_KEY } from "../../context/context.ts";
import { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { createTelemetryCounters } from "../../diagnostics/telemetry-counters.ts";
import { inheritedEnvironment, readEnvironment, readVariables } from "../../env.ts";
import { createLogs } from "../../logs/logs.ts";
import {
  contextVariables,
  contextVariableNames,
  environmentGetter,
} from "../../processes/environment-carrier.ts";
import { createRedactor } from "../../redaction/redactor.ts";
import { createResource } from "../../resource/resource.ts";
import { createPropagator } from "../../traces/propagation/propagator.ts";
import { createTraces } from "../../traces/traces.ts";
import { version } from "../../version.ts";
import { waitAtMost } from "../../bounded-wait.ts";
import { alertSourceIn } from "../alerts/alert-source.ts";
import type { CommandResult } from "./command.ts";
import type { ExecOptions } from "./options.ts";
import { lastLines } from "./output-tail.ts";

/** The telemetry of one command. */
export interface JobTelemetry {
  readonly name: string;
  /** Undefined if telemetry is switched off. */
  readonly spanContext: SpanContext | undefined;
  /** The environment of the command. */
  readonly environment: NodeJS.ProcessEnv;
  /** Ends the span and, for a command that failed, writes a log record. */
  end(result: CommandResult): void;
  /** Sends all. Resolves with false if that was not possible in time; undefined if nothing is sent. */
  flush(timeoutMs: number): Promise<boolean | undefined>;
}

/** Starts the span of a command. What is wrong with the variables is reported on stderr. */
export function createTelemetry(options: ExecOptions): JobTelemetry {
  const { config, issues } = parseConfig(readEnvironment());
  if (issues.length > 0) process.stderr.write(formatIssues(issues));
  return config.disabled ? noTelemetry(options) : startJob(options, config);
}

function noTelemetry({ name }: ExecOptions): JobTelemetry {
  return {
    name,
    spanContext: undefined,
    environment: inheritedEnvironment(),
    end() {},
    flush: async () => undefined,
  };
}

const INTERNAL = 0;
const ERROR_STATUS = 2;
/** OpenTelemetry's `SeverityNumber.ERROR`. */
const ERROR_SEVERITY = 17;

function startJob(options: ExecOptions, config: Config): JobTelemetry {
  const { name, words, tailLines } = options;
  const pipelines = createPipelines(config, name);
  const propagation = createPropagation(config);
  const attributes = {
    "telltale.job.name": name,
    "process.executable.name": basename(words[0] ?? ""),
  };
  const tracer = pipelines.traces.provider.getTracer("telltale/exec", version);
  const span = tracer.startSpan(name, { kind: INTERNAL, attributes }, propagation.parent);
  const context = propagation.parent.setValue(SPAN_KEY, span);
  return {
    name,
    spanContext: span.spanContext(),
    environment: propagation.environmentFor(context),
    end(result) {
      const failure = failureOf(result);
      const details = {
        "process.pid": result.pid,
        "process.exit.code": result.exit.code ?? undefined,
        ...(failure !== undefined && {
          "error.type": failure.type,
          "telltale.job.output": lastLines(pipelines.redact(result.output), tailLines) || undefined,
        }),
      };
      span.setAttributes(details);
      if (failure !== undefined) {
        span.setStatus({ code: ERROR_STATUS, message: failure.message });
        pipelines.logs.provider.getLogger("telltale/exec", version).emit({
          ...{ severityNumber: ERROR_SEVERITY, severityText: "error" },
          body: `${name} failed: ${failure.message}`,
          attributes: { ...attributes, ...details },
          context,
        });
      }
      span.end();
    },
    flush: pipelines.flush,
  };
}

function failureOf({
  exit,
  problem,
}: CommandResult): { type: string; message: string } | undefined {
  if (problem !== undefined) return { type: String(exit.code), message: problem };
  if (exit.signal !== null) return { type: exit.signal, message: `ended by ${exit.signal}` };
  if (exit.code === 0) return undefined;
  return { type: String(exit.code), message: `exit code ${exit.code}` };
}

interface Pipelines {
  readonly traces: ReturnType<typeof createTraces>;
  readonly logs: ReturnType<typeof createLogs>;
  readonly redact: (text: string) => string;
  readonly flush: JobTelemetry["flush"];
}

/** Creates the pipelines of spans and log records, of the service in the working directory. */
function createPipelines(config: Config, name: string): Pipelines {
  const diagnostics = new Diagnostics(config.logLevel, (text) => process.stderr.write(text));
  const counters = createTelemetryCounters();
  const redactor = createRedactor(config.redaction, (key, text) => diagnostics.warn(key, text));
  const shared = { resource: resourceOf(config, name), redactor, diagnostics };
  const traces = createTraces({ ...shared, config: config.traces, counters: counters.spans });
  const { flushTimeoutMs } = config;
  const logs = createLogs({ ...shared, config: config.logs, counters, flushTimeoutMs });
  return {
    ...{ traces, logs },
    redact: (text) => redactor.text(text),
    async flush(timeoutMs) {
      const all = [traces.pipeline, logs.pipeline, logs.files];
      await waitAtMost(Promise.all(all.map((one) => one.flush(timeoutMs))), timeoutMs);
      // What sampling drops is no more in question.
      traces.pipeline.drainForExit();
      const { spans, logs: records } = counters;
      const lost = [spans, records].map(
        ({ queued, dropped }) => queued + dropped.failed + dropped.rejected,
      );
      return lost.every((count) => count === 0);
    },
  };
}

/** The process is telltale's own, and no part of the service. */
function resourceOf(config: Config, name: string): ReturnType<typeof createResource> {
  const folder = process.cwd();
  const serviceName = alertSourceIn(folder, config).service ?? name;
  const resourceDetectors = config.resourceDetectors.filter((detector) => detector !== "process");
  return createResource({ ...config, serviceName, resourceDetectors }, folder);
}

interface Propagation {
  /** The context that this process was started in. */
  readonly parent: Context;
  environmentFor(context: Context): NodeJS.ProcessEnv;
}

function createPropagation(config: Config): Propagation {
  if (!config.environmentCarrier)
    return { parent: ROOT_CONTEXT, environmentFor: () => inheritedEnvironment() };
  const propagator = createPropagator(config.propagators, { sentry: false });
  const names = contextVariableNames(propagator);
  return {
    parent: propagator.extract(ROOT_CONTEXT, readVariables(names), environmentGetter),
    environmentFor(context) {
      const others = Object.entries(inheritedEnvironment()).filter(
        ([name]) => !names.includes(name),
      );
      return Object.fromEntries([...others, ...contextVariables(propagator, context)]);
    },
  };
}
