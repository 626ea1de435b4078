import type { Attributes, Context, Link, SpanContext, SpanKind } from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import type { ComposableSpec, SamplerSpec, SamplingRule } from "../../config/config.ts";
import { selects } from "../../config/file/selection.ts";
import { spanIn } from "../../context/context.ts";
import { TraceStateImpl } from "../propagation/trace-state.ts";
import { SAMPLED_FLAG } from "../trace-flags.ts";
import { AlwaysOffSampler, AlwaysOnSampler } from "./constant.ts";
import { NOT_RECORD, RECORD_AND_SAMPLED } from "./decision.ts";
import { isDeferred } from "./deferred.ts";
import {
  meetsThreshold,
  samplingStateOf,
  type Threshold,
  thresholdOf,
  withThreshold,
} from "./threshold.ts";
import { TraceIdRatioBasedSampler } from "./trace-id-ratio.ts";

/*
 * Samplers of a configuration file for which OTEL_TRACES_SAMPLER has no name. Loaded only
 * with one.
 */

/** Creates the sampler of a configuration file. */
export function createConfiguredSampler(spec: SamplerSpec): Sampler {
  switch (spec.kind) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "ratio":
      return new TraceIdRatioBasedSampler(spec.ratio);
    case "composite":
      return new CompositeSampler(createComposable(spec.sampler));
    case "parent_based":
      return new ParentDelegatingSampler({
        root: createConfiguredSampler(spec.root),
        remoteSampled: createConfiguredSampler(spec.remoteSampled),
        remoteNotSampled: createConfiguredSampler(spec.remoteNotSampled),
        localSampled: createConfiguredSampler(spec.localSampled),
        localNotSampled: createConfiguredSampler(spec.localNotSampled),
      });
  }
}

/** The samplers by the kind of parent. */
interface ParentSamplers {
  readonly root: Sampler;
  readonly remoteSampled: Sampler;
  readonly remoteNotSampled: Sampler;
  readonly localSampled: Sampler;
  readonly localNotSampled: Sampler;
}

/** https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased */
class ParentDelegatingSampler implements Sampler {
  readonly #samplers: ParentSamplers;

  constructor(samplers: ParentSamplers) {
    this.#samplers = samplers;
  }

  shouldSample(...args: Parameters<Sampler["shouldSample"]>): SamplingResult {
    return this.#samplerFor(parentIn(args[0], args[1])).shouldSample(...args);
  }

  toString(): string {
    return `ParentBased{${Object.entries(this.#samplers)
      .map(([name, sampler]) => `${name}=${String(sampler)}`)
      .join(", ")}}`;
  }

  #samplerFor(parent: SpanContext | undefined): Sampler {
    const { root, remoteSampled, remoteNotSampled, localSampled, localNotSampled } = this.#samplers;
    if (parent === undefined || isDeferred(parent)) return root;
    const isSampled = (parent.traceFlags & SAMPLED_FLAG) !== 0;
    if (parent.isRemote === true) return isSampled ? remoteSampled : remoteNotSampled;
    return isSampled ? localSampled : localNotSampled;
  }
}

/** Returns the parent of a span that continues the trace. */
function parentIn(context: Context, traceId: string): SpanContext | undefined {
  const parent = spanIn(context)?.spanContext();
  return parent?.traceId === traceId ? parent : undefined;
}

/** The span that is to be sampled. */
interface SampledSpan {
  readonly parent: SpanContext | undefined;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** What a composable sampler decides. */
interface SamplingIntent {
  /** Undefined: the span is not sampled. */
  readonly threshold: Threshold | undefined;
  /** Whether the threshold is the probability with which the trace was kept. */
  readonly isReliable: boolean;
}

type ComposableSampler = (span: SampledSpan) => SamplingIntent;

const KEEP_ALL: SamplingIntent = { threshold: thresholdOf(1), isReliable: true };
const KEEP_NONE: SamplingIntent = { threshold: undefined, isReliable: false };

/** https://opentelemetry.io/docs/specs/otel/trace/sdk/#compositesampler */
class CompositeSampler implements Sampler {
  readonly #sampler: ComposableSampler;

  constructor(sampler: ComposableSampler) {
    this.#sampler = sampler;
  }

  shouldSample(
    context: Context,
    traceId: string,
    _name: string,
    kind: SpanKind,
    attributes: Attributes,
    _links: Link[],
  ): SamplingResult {
    const parent = parentIn(context, traceId);
    const { threshold, isReliable } = this.#sampler({ parent, kind, attributes });
    const traceState = parent?.traceState ?? new TraceStateImpl("");
    const { randomness } = samplingStateOf(traceState);
    const isSampled = threshold !== undefined && meetsThreshold(threshold, traceId, randomness);
    return {
      decision: isSampled ? RECORD_AND_SAMPLED : NOT_RECORD,
      traceState: withThreshold(traceState, isSampled && isReliable ? threshold : undefined),
    };
  }

  toString(): string {
    return "CompositeSampler";
  }
}

function createComposable(spec: ComposableSpec): ComposableSampler {
  switch (spec.kind) {
    case "always_on":
      return () => KEEP_ALL;
    case "always_off":
      return () => KEEP_NONE;
    case "probability": {
      const intent: SamplingIntent = { threshold: thresholdOf(spec.ratio), isReliable: true };
      return () => intent;
    }
    case "parent_threshold":
      return followParent(createComposable(spec.root));
    case "rule_based":
      return followRules(spec.rules);
  }
}

/** Follows the threshold of the parent; without one, its sampled flag, whose probability is unknown. */
function followParent(root: ComposableSampler): ComposableSampler {
  return (span) => {
    const { parent } = span;
    if (parent === undefined || isDeferred(parent)) return root(span);
    const { threshold } = samplingStateOf(parent.traceState);
    if (threshold !== undefined) return { threshold, isReliable: true };
    const isSampled = (parent.traceFlags & SAMPLED_FLAG) !== 0;
    return isSampled ? { threshold: KEEP_ALL.threshold, isReliable: false } : KEEP_NONE;
  };
}

/** Asks the sampler of the first rule that matches. Without a match the span is not sampled. */
function followRules(rules: readonly SamplingRule[]): ComposableSampler {
  const samplers = rules.map((rule) => ({ rule, sampler: createComposable(rule.sampler) }));
  return (span) => samplers.find(({ rule }) => matchesRule(rule, span))?.sampler(span) ?? KEEP_NONE;
}

/** `SpanKind` of the API by its number. */
const kindNames = ["internal", "server", "client", "producer", "consumer"] as const;

function matchesRule(rule: SamplingRule, { parent, kind, attributes }: SampledSpan): boolean {
  const { values, patterns, kinds, parents } = rule;
  if (kinds?.includes(kindNames[kind]) === false) return false;
  if (parents?.includes(parentName(parent)) === false) return false;
  if (
    values !== undefined &&
    !textsOf(attributes[values.key]).some((text) => values.values.includes(text))
  )
    return false;
  return (
    patterns === undefined ||
    textsOf(attributes[patterns.key]).some((text) => selects(patterns, text))
  );
}

function parentName(parent: SpanContext | undefined): "none" | "remote" | "local" {
  if (parent === undefined) return "none";
  return parent.isRemote === true ? "remote" : "local";
}

/** Returns an attribute as text: that of each item of a list, none of a missing one. */
function textsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => (typeof item === "string" ? item : (JSON.stringify(item) ?? "")));
}
