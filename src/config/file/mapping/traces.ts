import type {
  ComposableSpec,
  SamplerName,
  SamplerSpec,
  SamplingRule,
  SpanKindName,
  SpanParentName,
} from "../../config.ts";
import * as table from "../../variables.ts";
import type { FileMap, FileNode } from "../document.ts";
import { at, componentAt, itemsAt, mapAt, numberAt, scalarAt, textAt, textsAt } from "../nodes.ts";
import type { FileSettings } from "../settings.ts";
import { mapProcessors } from "./exporters.ts";
import { readFilter } from "./general.ts";
import { readScopeRules } from "./scopes.ts";

export function mapTraces(root: FileMap, settings: FileSettings): void {
  const provider = mapAt(root, "tracer_provider");
  const { tracesExporter: exporter, spanBatch: batch } = table;
  mapProcessors(provider, { signal: "traces", exporter, batch }, settings);
  mapLimits(at(provider, "limits"), settings);
  mapSampler(mapAt(provider, "sampler"), settings);
  const configurator = at(provider, "tracer_configurator/development");
  settings.setPart("tracers", configurator, readScopeRules(configurator, "tracers"));
}

function mapLimits(limits: FileNode | undefined, settings: FileSettings): void {
  const rows = {
    attribute_value_length_limit: table.spanAttributeLength,
    attribute_count_limit: table.spanAttributeCount,
    event_count_limit: table.spanEventCount,
    link_count_limit: table.spanLinkCount,
    event_attribute_count_limit: table.eventAttributeCount,
    link_attribute_count_limit: table.linkAttributeCount,
  };
  for (const [key, variable] of Object.entries(rows))
    settings.take(variable, scalarAt(limits, key));
}

/** Sets the variable of the sampler, if it has a name of its own; else the sampler is a part. */
function mapSampler(node: FileMap | undefined, settings: FileSettings): void {
  const spec = readSampler(node);
  if (node === undefined || spec === undefined) return;
  const named = nameOf(spec);
  if (named === undefined) {
    settings.setPart("sampler", node, spec);
    return;
  }
  settings.set(table.tracesSampler, node, named.name);
  if (named.ratio !== undefined) settings.set(table.tracesSamplerArg, node, String(named.ratio));
}

interface NamedSampler {
  readonly name: SamplerName;
  readonly ratio?: number;
}

function nameOf(spec: SamplerSpec): NamedSampler | undefined {
  if (spec.kind === "composite") return undefined;
  if (spec.kind === "ratio") return { name: "traceidratio", ratio: spec.ratio };
  if (spec.kind !== "parent_based") return { name: spec.kind };
  const isDefault =
    spec.remoteSampled.kind === "always_on" &&
    spec.localSampled.kind === "always_on" &&
    spec.remoteNotSampled.kind === "always_off" &&
    spec.localNotSampled.kind === "always_off";
  if (!isDefault) return undefined;
  const { root } = spec;
  if (root.kind === "ratio") return { name: "parentbased_traceidratio", ratio: root.ratio };
  return root.kind === "always_on" || root.kind === "always_off"
    ? { name: `parentbased_${root.kind}` }
    : undefined;
}

const ALWAYS_ON: SamplerSpec = { kind: "always_on" };
const ALWAYS_OFF: SamplerSpec = { kind: "always_off" };

function readSampler(node: FileNode | undefined): SamplerSpec | undefined {
  const component = componentAt(node);
  if (component === undefined) return undefined;
  const { name, options } = component;
  switch (name) {
    case "always_on":
      return ALWAYS_ON;
    case "always_off":
      return ALWAYS_OFF;
    case "trace_id_ratio_based":
    case "probability/development":
      return { kind: "ratio", ratio: numberAt(options, "ratio") ?? 1 };
    case "jaeger_remote/development":
      return readSampler(at(options, "initial_sampler"));
    case "composite/development": {
      const sampler = readComposable(options);
      return sampler && { kind: "composite", sampler };
    }
    default:
      return {
        kind: "parent_based",
        root: readSampler(at(options, "root")) ?? ALWAYS_ON,
        remoteSampled: readSampler(at(options, "remote_parent_sampled")) ?? ALWAYS_ON,
        remoteNotSampled: readSampler(at(options, "remote_parent_not_sampled")) ?? ALWAYS_OFF,
        localSampled: readSampler(at(options, "local_parent_sampled")) ?? ALWAYS_ON,
        localNotSampled: readSampler(at(options, "local_parent_not_sampled")) ?? ALWAYS_OFF,
      };
  }
}

function readComposable(node: FileNode | undefined): ComposableSpec | undefined {
  const component = componentAt(node);
  if (component === undefined) return undefined;
  const { name, options } = component;
  switch (name) {
    case "always_on":
    case "always_off":
      return { kind: name };
    case "probability":
      return { kind: "probability", ratio: numberAt(options, "ratio") ?? 1 };
    case "parent_threshold": {
      const root = readComposable(at(options, "root"));
      return root && { kind: "parent_threshold", root };
    }
    default:
      return { kind: "rule_based", rules: itemsAt(options, "rules").flatMap(readRule) };
  }
}

function readRule(node: FileNode): readonly SamplingRule[] {
  const sampler = readComposable(at(node, "sampler"));
  if (sampler === undefined) return [];
  const patterns = at(node, "attribute_patterns");
  const values = at(node, "attribute_values");
  const key = textAt(patterns, "key");
  const valueKey = textAt(values, "key");
  return [
    {
      values:
        valueKey === undefined
          ? undefined
          : { key: valueKey, values: textsAt(values, "values") ?? [] },
      patterns: key === undefined ? undefined : { key, ...readFilter(patterns) },
      kinds: textsAt(node, "span_kinds") as readonly SpanKindName[] | undefined,
      parents: textsAt(node, "parent") as readonly SpanParentName[] | undefined,
      sampler,
    },
  ];
}
