const { OpenAIInstrumentation } = require("@arizeai/openinference-instrumentation-openai");
const { BaggageLogRecordProcessor } = require("@opentelemetry/baggage-log-record-processor");
const { BaggageSpanProcessor } = require("@opentelemetry/baggage-span-processor");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http-1");
const { AWSXRayIdGenerator } = require("@opentelemetry/id-generator-aws-xray");
const {
  createComposableAlwaysOnSampler,
  createComposableParentThresholdSampler,
  createCompositeSampler,
} = require("@opentelemetry/sampler-composite");
const { BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base-1");

const isShops = (key) => key.startsWith("shop.");

module.exports = () => ({
  spanProcessors: [
    new BaggageSpanProcessor(isShops),
    // Built for the SDK 1, as is its exporter.
    new BatchSpanProcessor(new OTLPTraceExporter({ url: `${process.env.RECEIVER}/v1/traces` })),
  ],
  logRecordProcessors: [new BaggageLogRecordProcessor(isShops)],
  idGenerator: new AWSXRayIdGenerator(),
  sampler: createCompositeSampler(
    createComposableParentThresholdSampler(createComposableAlwaysOnSampler()),
  ),
  instrumentations: [new OpenAIInstrumentation()],
});
