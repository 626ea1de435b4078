/** An `info` explains missing telemetry that may be on purpose. */
export type Severity = "error" | "warning" | "info";

/** What a user notices; each is a section of docs/troubleshooting.md. */
export type Symptom = "nothing" | "traces" | "metrics" | "logs" | "errors" | "library" | "names";

/** The sections, in their order. */
export const symptoms: Readonly<Record<Symptom, string>> = {
  nothing: "Nothing arrives at all",
  traces: "Traces, logs or pushed metrics do not arrive",
  metrics: "Prometheus has no metrics",
  logs: "Log lines have no trace",
  errors: "Errors are not in Sentry",
  library: "A library is missing in the traces, or everything is there twice",
  names: "Telemetry is there, but hard to find",
};

/** A kind of finding. `{name}` in a text is a placeholder. */
export interface FindingRow {
  readonly severity: Severity;
  readonly symptom: Symptom;
  readonly message: string;
  readonly remedy: string;
}

/** All that `telltale doctor` finds. The table in docs/troubleshooting.md is generated from it. */
export const findingRows = {
  disabled: {
    severity: "warning",
    symptom: "nothing",
    message: "OTEL_SDK_DISABLED is true, so telltale loads nothing",
    remedy: "Unset OTEL_SDK_DISABLED",
  },
  "node-too-old": {
    severity: "error",
    symptom: "nothing",
    message:
      "package.json accepts Node {range} (engines), and older ones than 22.15 record nothing",
    remedy: "Run the app with Node 22.15, 24 or newer, and write that into engines",
  },
  "require-module-off": {
    severity: "error",
    symptom: "nothing",
    message: "the flag {flag} keeps telltale from being loaded: Node then can't require ES modules",
    remedy: "Remove {flag}, also from NODE_OPTIONS",
  },
  "preload-missing": {
    severity: "warning",
    symptom: "nothing",
    message: "the start script of package.json has no preload: {script}",
    remedy:
      "Start the app with node --import telltale/register, or set NODE_OPTIONS=--import=telltale/register where it runs",
  },
  "preload-late": {
    severity: "error",
    symptom: "library",
    message: "telltale is loaded after {libraries}, which it then can't instrument",
    remedy:
      "Remove the import of telltale/register from the code, and start the app with node --import telltale/register before everything else",
  },
  "preload-lost": {
    severity: "error",
    symptom: "nothing",
    message: "no process of the command has started telltale",
    remedy:
      "The command drops NODE_OPTIONS, starts no Node, or its Node is older than 22.15: put --import telltale/register into the command that starts Node, and see stderr",
  },
  "command-failed": {
    severity: "error",
    symptom: "nothing",
    message: "the command ended by itself with {outcome}",
    remedy: "Run it without doctor: the reason is in its own output",
  },
  "variable-invalid": {
    severity: "warning",
    symptom: "nothing",
    message: "{variable}: received {received}, expected {expected}; using {used}",
    remedy: "Correct {variable}",
  },
  "variable-misspelt": {
    severity: "warning",
    symptom: "nothing",
    message: "{variable} is not known, so it has no effect",
    remedy: "Rename it to {suggestion}",
  },
  "variable-unknown": {
    severity: "warning",
    symptom: "nothing",
    message: "{variable} is no variable of telltale",
    remedy: "Remove it, or look for its name in docs/variables.md",
  },
  "variable-unsupported": {
    severity: "info",
    symptom: "nothing",
    message: "{variable} is set and has no effect: {reason}",
    remedy: "Unset {variable}",
  },
  "config-file": {
    severity: "warning",
    symptom: "nothing",
    message: "{problem}",
    remedy:
      "Correct the file that {variable} names: docs/configuration-file.md lists all keys, and telltale config shows what it makes of them",
  },
  "variables-late": {
    severity: "warning",
    symptom: "nothing",
    message: "the app sets {variables} after the preload has read the environment",
    remedy:
      "Set them before Node starts, or load the file by Node itself: node --env-file=.env --import telltale/register app.js",
  },
  "nothing-exported": {
    severity: "warning",
    symptom: "nothing",
    message: "all exporters are none and SENTRY_DSN is unset, so nothing leaves the process",
    remedy: "Remove none from OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER or OTEL_LOGS_EXPORTER",
  },
  "traces-off": {
    severity: "info",
    symptom: "traces",
    message: "OTEL_TRACES_EXPORTER is {value}: no traces are sent over OTLP",
    remedy: "Unset OTEL_TRACES_EXPORTER to send traces",
  },
  "logs-off": {
    severity: "info",
    symptom: "traces",
    message: "OTEL_LOGS_EXPORTER is {value}: no log records are sent over OTLP",
    remedy: "Unset OTEL_LOGS_EXPORTER to send log records",
  },
  "metrics-off": {
    severity: "info",
    symptom: "metrics",
    message: "OTEL_METRICS_EXPORTER is {value}: there is no Prometheus page",
    remedy: "Add prometheus to OTEL_METRICS_EXPORTER",
  },
  "sampler-off": {
    severity: "warning",
    symptom: "traces",
    message: "the sampler {sampler} starts no trace: only traces with errors are sent, or none",
    remedy:
      "Set OTEL_TRACES_SAMPLER=parentbased_traceidratio and OTEL_TRACES_SAMPLER_ARG=0.1, or unset both",
  },
  "endpoint-path-doubled": {
    severity: "error",
    symptom: "traces",
    message: "{variable} ends in {path}, to which telltale appends {path} again",
    remedy:
      "Remove {path} from {variable}, or use the variable of the signal, such as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  },
  "endpoint-refused": {
    severity: "error",
    symptom: "traces",
    message: "{signals} can't be sent to {address}: nothing listens there",
    remedy: "Start a Collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT to where one listens",
  },
  "endpoint-in-container": {
    severity: "error",
    symptom: "traces",
    message: "{signals} can't be sent to {address}, which is the container itself",
    remedy:
      "Set OTEL_EXPORTER_OTLP_ENDPOINT to the name of the Collector's service or container, or to http://host.docker.internal:4318",
  },
  "endpoint-unknown-host": {
    severity: "error",
    symptom: "traces",
    message: "{signals} can't be sent to {address}: DNS does not know the host ({code})",
    remedy:
      "Correct the host in OTEL_EXPORTER_OTLP_ENDPOINT; a name of a service is known in its own network only",
  },
  "endpoint-unreachable": {
    severity: "error",
    symptom: "traces",
    message: "{signals} can't be sent to {address}: {reason}",
    remedy: "Check the network, firewalls and HTTPS_PROXY between this host and the endpoint",
  },
  "endpoint-silent": {
    severity: "error",
    symptom: "traces",
    message: "{signals} were sent to {address}, which did not answer within {ms} ms",
    remedy:
      "Check that the port is that of OTLP and that no firewall drops packets; OTEL_EXPORTER_OTLP_TIMEOUT is the limit",
  },
  "endpoint-protocol": {
    severity: "error",
    symptom: "traces",
    message: "{signals} are sent to {address} by {protocol}, which the server there does not speak",
    remedy: "Use port 4318 for HTTP, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc for port 4317",
  },
  "endpoint-credentials": {
    severity: "error",
    symptom: "traces",
    message: "{signals} are rejected by {address}: {reason}",
    remedy:
      "Check the key in OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Bearer%20…; spaces are %20",
  },
  "endpoint-path-unknown": {
    severity: "error",
    symptom: "traces",
    message: "{signals} are rejected by {address}: {reason}",
    remedy: "Check the path in OTEL_EXPORTER_OTLP_ENDPOINT: it is the part before /v1/traces",
  },
  "endpoint-rejected": {
    severity: "error",
    symptom: "traces",
    message: "{signals} are not accepted by {address}: {reason}",
    remedy: "Look for the reason in the log of the Collector or back end",
  },
  "vendor-header": {
    severity: "error",
    symptom: "traces",
    message: "{signals} are sent to {vendor} ({host}) without the header {header}",
    remedy: "Add {header} to OTEL_EXPORTER_OTLP_HEADERS, as in docs/vendors.md",
  },
  "vendor-signal": {
    severity: "error",
    symptom: "traces",
    message: "{vendor} accepts no {signals} over OTLP",
    remedy: "Remove otlp from {variable}, or send {signals} elsewhere",
  },
  "vendor-temporality": {
    severity: "error",
    symptom: "traces",
    message: "{vendor} accepts {expected} metrics only, and they are {used}",
    remedy: "Set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE={expected}",
  },
  "tls-expired": {
    severity: "error",
    symptom: "traces",
    message: "the certificate of {address} is expired or not valid yet ({code})",
    remedy: "Renew the certificate of the server, or correct the clock of this host",
  },
  "tls-hostname": {
    severity: "error",
    symptom: "traces",
    message: "the certificate of {address} is that of another host ({code})",
    remedy:
      "Use the name in the endpoint that the certificate has, or add the name to the certificate",
  },
  "tls-untrusted": {
    severity: "error",
    symptom: "traces",
    message: "the certificate of {address} is not trusted ({code})",
    remedy:
      "Set OTEL_EXPORTER_OTLP_CERTIFICATE to the certificate of its authority; for Sentry and alerts NODE_EXTRA_CA_CERTS",
  },
  "tls-client": {
    severity: "error",
    symptom: "traces",
    message: "{address} ended the TLS handshake ({code})",
    remedy:
      "If it requires a client certificate, set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY",
  },
  "tls-scheme": {
    severity: "error",
    symptom: "traces",
    message: "{address} has the scheme {scheme}, but the server there speaks {spoken}",
    remedy: "Write {spoken}:// in the endpoint",
  },
  "clock-skew": {
    severity: "warning",
    symptom: "traces",
    message: "the clock of this host and that of {address} differ by {seconds} s",
    remedy:
      "Synchronize the clock of this host (NTP): back ends reject or misplace telemetry of another time",
  },
  "telemetry-dropped": {
    severity: "error",
    symptom: "traces",
    message: "the app has dropped {count} {signal} ({reason})",
    remedy: "See the findings about the endpoint, and telemetry in /healthz of the app",
  },
  "prometheus-port-taken": {
    severity: "error",
    symptom: "metrics",
    message: "port {port} on {host} is in use by another program",
    remedy: "Set OTEL_EXPORTER_PROMETHEUS_PORT to a free port, one for each app on a host",
  },
  "prometheus-host": {
    severity: "error",
    symptom: "metrics",
    message: "the metrics page can't listen on {host} ({code})",
    remedy:
      "Set OTEL_EXPORTER_PROMETHEUS_HOST to an address of this host, such as localhost or 0.0.0.0",
  },
  "prometheus-page": {
    severity: "error",
    symptom: "metrics",
    message: "the metrics page of the app does not answer on {address}: {reason}",
    remedy: "See the lines of telltale on stderr of the app",
  },
  "prometheus-local": {
    severity: "warning",
    symptom: "metrics",
    message:
      "in this pod of Kubernetes the metrics page listens on {host} only, where no Prometheus reaches it",
    remedy: "Set OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0",
  },
  "health-failing": {
    severity: "warning",
    symptom: "metrics",
    message: "the health check {check} of the app fails{detail}",
    remedy: "See /healthz of the app",
  },
  "request-without-span": {
    severity: "error",
    symptom: "traces",
    message: "GET {path} of the app has no server span",
    remedy:
      "See the other findings; without any, the server is not one of node:http, https or http2",
  },
  "logger-unsupported": {
    severity: "info",
    symptom: "logs",
    message: "{logger} is not instrumented: its lines have no trace id, and are not sent over OTLP",
    remedy: "Use winston, pino, bunyan or telltale/logger; or let it write by console",
  },
  "sentry-dsn": {
    severity: "error",
    symptom: "errors",
    message: "SENTRY_DSN has no valid value, expected {expected}; no error is reported",
    remedy: "Copy the DSN from Sentry: Settings, Projects, Client Keys",
  },
  "sentry-unreachable": {
    severity: "error",
    symptom: "errors",
    message: "Sentry at {address} can't be reached: {reason}",
    remedy: "Check the host in SENTRY_DSN, the network, and HTTPS_PROXY",
  },
  "sentry-rejected": {
    severity: "error",
    symptom: "errors",
    message: "Sentry at {address} did not accept the test event: {reason}",
    remedy:
      "Check that the project and the key in SENTRY_DSN exist and are active, and the quota of the project",
  },
  "sentry-rate": {
    severity: "warning",
    symptom: "errors",
    message: "SENTRY_SAMPLE_RATE is 0, so no event is sent",
    remedy: "Unset SENTRY_SAMPLE_RATE",
  },
  "app-sentry": {
    severity: "info",
    symptom: "errors",
    message: "the app uses Sentry itself: {text}",
    remedy: "See docs/errors.md, an app that uses Sentry itself",
  },
  "release-unset": {
    severity: "warning",
    symptom: "names",
    message: "events have no release",
    remedy: "Set SENTRY_RELEASE, or a version in package.json",
  },
  "service-unnamed": {
    severity: "warning",
    symptom: "names",
    message: "the service has no name and is recorded as {name}",
    remedy: "Set OTEL_SERVICE_NAME, or a name in package.json",
  },
  "other-sdk": {
    severity: "error",
    symptom: "library",
    message: "another OpenTelemetry SDK was registered first, so telltale records nothing",
    remedy: "Remove one of the two; the other one is loaded by {source}",
  },
  "other-agent": {
    severity: "warning",
    symptom: "library",
    message:
      "{agent} runs in the same process ({source}), so requests and queries are recorded twice",
    remedy: "Remove {agent}, or telltale",
  },
  "api-duplicate": {
    severity: "warning",
    symptom: "library",
    message: "there are {count} copies of @opentelemetry/api: {copies}",
    remedy:
      "Leave one: npm dedupe, or make it a peer dependency of the package that brings its own. Spans of a copy of another major version are lost",
  },
  "library-version": {
    severity: "warning",
    symptom: "library",
    message: "{library} {version} is not instrumented, only {range} is",
    remedy: "Install a version of {library} within {range}",
  },
  "library-bundled": {
    severity: "warning",
    symptom: "library",
    message: "{library} is bundled into {file}, where it can't be instrumented",
    remedy:
      'Leave it out of the bundle: external: ["{library}"] of esbuild and rollup, externals of webpack, serverExternalPackages of Next.js',
  },
  "library-early": {
    severity: "error",
    symptom: "library",
    message:
      "{library} was loaded before telltale, by another preload, and is only partly instrumented",
    remedy:
      "Put telltale first: --import telltale/register before all other --require and --import",
  },
  "library-failed": {
    severity: "error",
    symptom: "library",
    message: "{text}",
    remedy:
      "Report it with the version of the library; until then disable it in OTEL_NODE_DISABLED_INSTRUMENTATIONS",
  },
  "library-disabled": {
    severity: "info",
    symptom: "library",
    message: "{library} is installed, and its instrumentation {instrumentation} is off",
    remedy: "Check OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS",
  },
  "library-copies": {
    severity: "info",
    symptom: "library",
    message: "{library} was loaded from {count} places: {copies}",
    remedy: "npm dedupe, if that is not on purpose",
  },
  "loader-flag": {
    severity: "warning",
    symptom: "library",
    message: "the flag {flag} installs another hook for ES modules, which telltale does not need",
    remedy: "Remove {flag}: --import telltale/register instruments CommonJS and ES modules",
  },
  "inspector-open": {
    severity: "warning",
    symptom: "library",
    message:
      "the inspector of the app is open on {host}: a debugger, a profiler or OBI is attached, or may be",
    remedy:
      "Remove --inspect; if eBPF instrumentation (OBI) opens it, exclude the process there, since spans are recorded twice",
  },
  message: {
    severity: "warning",
    symptom: "nothing",
    message: "telltale in the app reports: {text}",
    remedy: "See the message in docs/troubleshooting.md",
  },
} as const;

export type FindingId = keyof typeof findingRows;
