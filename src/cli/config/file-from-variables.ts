import type { Config, OtlpConfig, SamplerName } from "../../config/config.ts";
import { keyOfVariable } from "../../config/file/mapping/instrumentation.ts";
import * as table from "../../config/variables.ts";
import type { OtlpVariables, Signal, Variable } from "../../config/variables.ts";
import type { Environment } from "../../env.ts";
import { Reference, type YamlValue } from "./yaml-document.ts";

type Section = Record<string, YamlValue>;

/**
 * Returns a configuration file that has the effect of the variables. Secrets stay in
 * variables, to which the file refers. What the schema has no key for is in
 * `distribution.telltale`.
 */
export function fileFromVariables(
  config: Config,
  environment: Environment,
  instrumentations: ReadonlySet<string>,
): YamlValue {
  return new FileWriter(config, environment, instrumentations).write();
}

/** The severity for each level of telltale's messages. */
const severities: Readonly<Record<string, string>> = {
  verbose: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  none: "fatal",
};

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

class FileWriter {
  readonly #config: Config;
  readonly #environment: Environment;
  readonly #instrumentations: ReadonlySet<string>;
  /** The variables that a key of the schema stands for. */
  readonly #written = new Set<string>();

  constructor(config: Config, environment: Environment, instrumentations: ReadonlySet<string>) {
    this.#config = config;
    this.#environment = environment;
    this.#instrumentations = instrumentations;
  }

  write(): YamlValue {
    const root: Section = { file_format: "1.1" };
    this.#addGeneral(root);
    addUnlessEmpty(root, "resource", this.#resource());
    const propagator = this.#propagator();
    if (propagator !== undefined) root["propagator"] = propagator;
    const { traces, metrics, logs } = this.#config;
    if (traces.exporters.length > 0) root["tracer_provider"] = this.#tracerProvider();
    if (metrics.exporters.length > 0) root["meter_provider"] = this.#meterProvider();
    if (logs.exporters.length > 0) root["logger_provider"] = this.#loggerProvider();
    this.#mark(table.tracesExporter, table.metricsExporter, table.logsExporter);
    addUnlessEmpty(root, "instrumentation/development", this.#instrumentation());
    const others = this.#others();
    if (Object.keys(others).length > 0) root["distribution"] = { telltale: others };
    return root;
  }

  #addGeneral(root: Section): void {
    if (this.#config.disabled) root["disabled"] = true;
    this.#mark(table.sdkDisabled, table.configFile);
    const level = this.#take(table.logLevel, ({ logLevel }) => severities[logLevel]);
    if (level !== undefined) root["log_level"] = level;
    const limits = this.#numbers({
      attribute_value_length_limit: table.attributeLength,
      attribute_count_limit: table.attributeCount,
    });
    addUnlessEmpty(root, "attribute_limits", limits);
  }

  /** Without the detector `env`, attributes of variables have no effect, and the name has one. */
  #resource(): Section {
    const { resourceAttributes, serviceName, resourceDetectors: names } = this.#config;
    const has = (name: (typeof names)[number]): boolean => names.includes(name);
    if (!has("env")) return {};
    const { "service.name": _, ...others } = resourceAttributes;
    const named = serviceName === undefined ? others : { "service.name": serviceName, ...others };
    const attributes = Object.entries(named).map(([name, value]) => ({ name, value }));
    this.#mark(table.resourceAttributes, table.serviceName);
    const detectors = this.#detectors();
    return {
      ...(attributes.length > 0 && { attributes }),
      ...(detectors.length > 0 && { "detection/development": { detectors } }),
    };
  }

  /** The detector `host` of the schema has the attributes of the operating system too. */
  #detectors(): readonly Section[] {
    const names = new Set(this.#config.resourceDetectors);
    if (names.has("host") && !names.has("os")) return [];
    this.#mark(table.resourceDetectors);
    if (names.has("host")) names.delete("os");
    const keys = {
      container: "container",
      host: "host",
      os: "os",
      process: "process",
      serviceinstance: "service",
    } as const;
    return Object.entries(keys)
      .filter(([name]) => names.has(name as keyof typeof keys))
      .map(([, key]) => ({ [key]: undefined }));
  }

  /** The default propagators also read the headers of Sentry. */
  #propagator(): YamlValue {
    const { propagators, extractOnly } = this.#config;
    const isDefault = propagators.join() === "tracecontext,baggage";
    const isSet = this.#environment.has(table.propagators.name);
    if (isDefault && isSet && extractOnly.length === 0 && this.#config.errors.dsn !== undefined)
      return { composite: propagators.map((name) => ({ [name]: undefined })) };
    this.#mark(table.propagators);
    if (propagators.length === 0) return undefined;
    return { composite: propagators.map((name) => ({ [name]: undefined })) };
  }

  #tracerProvider(): YamlValue {
    const { exporters, otlp, sampler } = this.#config.traces;
    const limits = this.#numbers({
      attribute_value_length_limit: table.spanAttributeLength,
      attribute_count_limit: table.spanAttributeCount,
      event_count_limit: table.spanEventCount,
      link_count_limit: table.spanLinkCount,
      event_attribute_count_limit: table.eventAttributeCount,
      link_attribute_count_limit: table.linkAttributeCount,
    });
    return {
      processors: this.#processors(exporters, table.spanBatch, this.#otlp("traces", otlp)),
      ...(Object.keys(limits).length > 0 && { limits }),
      ...(this.#isUsable(table.tracesSampler) && { sampler: this.#sampler(sampler) }),
    };
  }

  #sampler({ name, ratio }: Config["traces"]["sampler"]): YamlValue {
    this.#mark(table.tracesSampler, table.tracesSamplerArg);
    const root: Readonly<Record<SamplerName, YamlValue>> = {
      always_on: { always_on: undefined },
      always_off: { always_off: undefined },
      traceidratio: { trace_id_ratio_based: { ratio } },
      parentbased_always_on: { always_on: undefined },
      parentbased_always_off: { always_off: undefined },
      parentbased_traceidratio: { trace_id_ratio_based: { ratio } },
    };
    return name.startsWith("parentbased") ? { parent_based: { root: root[name] } } : root[name];
  }

  #loggerProvider(): YamlValue {
    const { exporters, otlp } = this.#config.logs;
    const limits = this.#numbers({
      attribute_value_length_limit: table.logRecordAttributeLength,
      attribute_count_limit: table.logRecordAttributeCount,
    });
    return {
      processors: this.#processors(exporters, table.logRecordBatch, this.#otlp("logs", otlp)),
      ...(Object.keys(limits).length > 0 && { limits }),
    };
  }

  #processors(
    exporters: readonly string[],
    batch: table.BatchVariables,
    otlp: YamlValue,
  ): YamlValue {
    return exporters.map((name) => {
      if (name === "console") return { simple: { exporter: { console: undefined } } };
      const settings = this.#numbers({
        schedule_delay: batch.scheduleDelay,
        export_timeout: batch.exportTimeout,
        max_queue_size: batch.maxQueueSize,
        max_export_batch_size: batch.maxExportBatchSize,
      });
      return { batch: { ...settings, exporter: otlp } };
    });
  }

  #meterProvider(): YamlValue {
    const { exporters, otlp } = this.#config.metrics;
    const isPeriodic = exporters.some((name) => name !== "prometheus");
    const interval = isPeriodic
      ? this.#numbers({ interval: table.metricInterval, timeout: table.metricTimeout })
      : {};
    const filter = this.#text(table.exemplarFilter);
    return {
      readers: exporters.map((name) => {
        if (name === "prometheus") return { pull: { exporter: this.#prometheus() } };
        if (name === "console")
          return { periodic: { ...interval, exporter: { console: undefined } } };
        const size = this.#numbers({
          "max_export_batch_size/development": table.metricMaxExportBatchSize,
        });
        return { periodic: { ...interval, ...size, exporter: this.#otlp("metrics", otlp) } };
      }),
      ...(filter !== undefined && { exemplar_filter: filter }),
    };
  }

  #prometheus(): YamlValue {
    const host = this.#text(table.prometheusHost);
    const port = this.#numbers({ port: table.prometheusPort });
    const options = { ...(host !== undefined && { host }), ...port };
    return { "prometheus/development": Object.keys(options).length > 0 ? options : undefined };
  }

  #otlp(signal: Signal, config: OtlpConfig): YamlValue {
    const isUsed = this.#config[signal].exporters.some((name) => name === "otlp");
    if (!isUsed) return undefined;
    const own = table.otlpBySignal[signal];
    const { protocol, timeoutMs } = config;
    const options: Section = {
      ...this.#endpoint(own, config),
      ...this.#tls(own, config),
      ...(config.compression !== "none" && { compression: config.compression }),
      ...(timeoutMs !== 10_000 && { timeout: timeoutMs === MAX_TIMEOUT_MS ? 0 : timeoutMs }),
      ...this.#headers(own),
      ...(protocol === "http/json" && { encoding: "json" }),
      ...(signal === "metrics" && this.#metricOptions()),
    };
    const name = protocol === "grpc" ? "otlp_grpc" : "otlp_http";
    return { [name]: Object.keys(options).length > 0 ? options : undefined };
  }

  /** Returns the address, unless it may have a secret, or several Collectors are configured. */
  #endpoint(own: OtlpVariables, { url, gateways }: OtlpConfig): Section {
    const isSet = [own.endpoint, table.otlp.endpoint].some((variable) => this.#isUsable(variable));
    if (!isSet || gateways !== undefined || !this.#hasPlainEndpoints()) return {};
    return { endpoint: url };
  }

  /** Whether no address has credentials or a query, and no gateways take its place. */
  #hasPlainEndpoints(): boolean {
    if (this.#environment.has(table.gateways.name)) return false;
    return endpointVariables.every(
      (variable) => !/[@?#]/.test(this.#environment.get(variable.name) ?? ""),
    );
  }

  #tls(own: OtlpVariables, { tls, protocol }: OtlpConfig): Section {
    const path = (key: "ca" | "cert" | "key"): string | undefined => {
      const variable = [own[key], table.otlp[key]].find((one) => this.#isUsable(one));
      return tls[key] === undefined || variable === undefined
        ? undefined
        : this.#environment.get(variable.name);
    };
    const files = { ca_file: path("ca"), key_file: path("key"), cert_file: path("cert") };
    const insecure = [own.insecure, table.otlp.insecure].find((one) => this.#isUsable(one));
    const isInsecure =
      protocol === "grpc" &&
      insecure !== undefined &&
      this.#environment.get(insecure.name)?.toLowerCase() === "true";
    const entries = Object.entries(files).filter(([, file]) => file !== undefined);
    if (entries.length === 0 && !isInsecure) return {};
    return { tls: { ...Object.fromEntries(entries), ...(isInsecure && { insecure: true }) } };
  }

  #headers(own: OtlpVariables): Section {
    const set = [table.otlp.headers, own.headers].filter(({ name }) => this.#environment.has(name));
    if (set.length === 0) return {};
    return { headers_list: new Reference(...set.map(({ name }) => name)) };
  }

  #metricOptions(): Section {
    const temporality = this.#take(table.temporality, ({ metrics }) => metrics.temporality);
    const aggregation = this.#text(table.histogramAggregation);
    return {
      ...(temporality !== undefined && {
        temporality_preference: temporality.replace("lowmemory", "low_memory"),
      }),
      ...(aggregation !== undefined && { default_histogram_aggregation: aggregation }),
    };
  }

  #instrumentation(): Section {
    const js: Record<string, Section> = {};
    const { disabled } = this.#config.instrumentations;
    if (disabled.every((name) => this.#instrumentations.has(name))) {
      for (const name of disabled) js[name] = { enabled: false };
      this.#mark(table.disabledInstrumentations);
    }
    for (const { instrumentation, option, variable } of table.instrumentationOptions) {
      const value = this.#config.instrumentations.options[instrumentation]?.[option];
      // `enabled: false` is the switch of the instrumentation itself.
      if (
        !this.#isUsable(variable) ||
        option === "enabled" ||
        js[instrumentation]?.["enabled"] === false
      )
        continue;
      js[instrumentation] = { ...js[instrumentation], [snakeCase(option)]: value as YamlValue };
      this.#mark(variable);
    }
    const methods = this.#take(table.knownMethods, ({ knownMethods }) => [...knownMethods]);
    const optIn = this.#text(table.semconvOptIn);
    const general = {
      ...(methods !== undefined && { http: { server: { known_methods: methods } } }),
      ...(optIn !== undefined && { stability_opt_in_list: optIn }),
    };
    return {
      ...(Object.keys(general).length > 0 && { general }),
      ...(Object.keys(js).length > 0 && { js }),
    };
  }

  /** Returns the variables for which the schema has no key. */
  #others(): Section {
    const others: Section = {};
    const otlpNames = new Set(coveredOtlp.map(({ name }) => name));
    const areCovered = this.#hasPlainEndpoints();
    for (const variable of table.variables) {
      const text = this.#environment.get(variable.name);
      const isOwn = /^(?:OTEL|TELLTALE|SENTRY)_/.test(variable.name);
      if (text === undefined || !isOwn || variable.unsupported !== undefined) continue;
      if (this.#written.has(variable.name) || otlpNames.has(variable.name)) continue;
      if (areCovered && endpointVariables.includes(variable)) continue;
      others[keyOfVariable(variable.name)] = valueOf(variable, text);
    }
    return others;
  }

  /** Returns the numbers of the variables that are set, by their keys. */
  #numbers(rows: Readonly<Record<string, Variable>>): Section {
    const section: Section = {};
    for (const [key, variable] of Object.entries(rows)) {
      const number = Number(this.#environment.get(variable.name));
      if (!this.#isUsable(variable)) continue;
      section[key] = number;
      this.#mark(variable);
    }
    return section;
  }

  /** Returns the text of a variable that is set; of a name in the form of the table. */
  #text(variable: Variable): string | undefined {
    const text = this.#environment.get(variable.name);
    if (text === undefined || !this.#isUsable(variable)) return undefined;
    this.#mark(variable);
    const value = variable.valueType.parse(text, () => {});
    return typeof value === "string" ? value : text;
  }

  /** Returns a value of the configuration, if its variable is set. */
  #take<T extends YamlValue>(variable: Variable, read: (config: Config) => T): T | undefined {
    const value = this.#isUsable(variable) ? read(this.#config) : undefined;
    if (value !== undefined) this.#mark(variable);
    return value;
  }

  #isUsable({ name, valueType }: Variable): boolean {
    const text = this.#environment.get(name);
    return text !== undefined && valueType.parse(text, () => {}) !== undefined;
  }

  #mark(...variables: readonly Variable[]): void {
    for (const { name } of variables) this.#written.add(name);
  }
}

const allOtlp = [table.otlp, ...Object.values(table.otlpBySignal)];
const endpointVariables: readonly Variable[] = allOtlp.map(({ endpoint }) => endpoint);

/** The variables of OTLP that the exporters of the file stand for. */
const coveredOtlp: readonly Variable[] = allOtlp.flatMap((rows) =>
  Object.values(rows as unknown as Readonly<Record<string, Variable>>).filter(
    (variable) => variable !== rows.endpoint,
  ),
);

function addUnlessEmpty(section: Section, key: string, value: Section): void {
  if (Object.keys(value).length > 0) section[key] = value;
}

function snakeCase(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns a value for `distribution.telltale`: a reference if it may be a secret. */
function valueOf({ name, valueType }: Variable, text: string): YamlValue {
  if (valueType.format !== undefined && valueType.format(text) !== JSON.stringify(text))
    return new Reference(name);
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}
