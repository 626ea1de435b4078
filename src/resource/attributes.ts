import { hostname, release } from "node:os";
import { basename } from "node:path";
import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { Config, ResourceDetectorName } from "../config/config.ts";
import { lazy } from "../lazy.ts";
import { version } from "../version.ts";
import { containerId } from "./container.ts";
import { instanceId } from "./instance.ts";
import { isCommitId } from "./commit-id.ts";
import { findApp, findGitCommit, packageAbove } from "./package.ts";

const loadSelection = lazy<typeof import("../config/file/selection.ts")>(
  "config/file/selection.ts",
);

/**
 * Returns the resource attributes of this process. Attributes from the environment
 * override detected ones; unknown ones are absent.
 * https://opentelemetry.io/docs/specs/semconv/resource/
 *
 * Kubernetes is not detected: the only standard variable for it is
 * `OTEL_RESOURCE_ATTRIBUTES` (`k8s.pod.name=$(POD_NAME),...`).
 *
 * @param path where the app is, a file or a folder; undefined if that is unknown.
 */
export function detectResourceAttributes(
  config: Config,
  path: string | undefined = appPath(),
): Attributes {
  const app = needsPackage(config) && path !== undefined ? packageAbove(path) : undefined;
  const release = config.errors.release ?? "";
  return withoutEmpty({
    ...sdkAttributes,
    ...selected(config, detectedAttributes(new Set(config.resourceDetectors))),
    "deployment.environment.name": config.environment,
    "service.version": versionOf(release) ?? app?.version,
    "vcs.ref.head.revision": commitOf(config, release, path),
    ...config.resourceAttributes,
    ...config.typedAttributes,
    "service.name": config.serviceName ?? app?.name ?? unknownService(),
  });
}

function detectedAttributes(detectors: ReadonlySet<ResourceDetectorName>): Detected {
  return {
    ...(detectors.has("os") ? osAttributes() : {}),
    ...(detectors.has("host") ? hostAttributes() : {}),
    ...(detectors.has("container") ? { "container.id": containerId() } : {}),
    ...(detectors.has("process") ? processAttributes() : {}),
    ...(detectors.has("serviceinstance") ? { "service.instance.id": instanceId() } : {}),
  };
}

/** Returns the attributes that a configuration file selects. */
function selected({ detectedAttributes: filter }: Config, detected: Detected): Detected {
  if (filter === undefined) return detected;
  const { selects } = loadSelection();
  return Object.fromEntries(Object.entries(detected).filter(([name]) => selects(filter, name)));
}

/** Returns `service.name` alone, as it is in the resource. */
export function serviceNameOf({ serviceName }: Config): string {
  if (serviceName !== undefined) return serviceName;
  const path = appPath();
  return (path === undefined ? undefined : packageAbove(path)?.name) ?? unknownService();
}

/** The specification's name of a service without one. */
function unknownService(): string {
  return `unknown_service:${executableName()}`;
}

type Detected = Readonly<Record<string, AttributeValue | undefined>>;

/**
 * The attributes of the SDK. The conventions reserve the name "opentelemetry" for
 * its own SDK; other implementations must use another.
 * https://opentelemetry.io/docs/specs/semconv/resource/#telemetry-sdk
 */
const sdkAttributes: Detected = {
  "telemetry.sdk.name": "telltale",
  "telemetry.sdk.language": "nodejs",
  "telemetry.sdk.version": version,
  "telemetry.distro.name": "telltale",
  "telemetry.distro.version": version,
};

function needsPackage(config: Config): boolean {
  return config.serviceName === undefined || !config.resourceAttributes["service.version"];
}

/** Returns where the app is (`findApp`); undefined if that is unknown. */
export function appPath(): string | undefined {
  const script = process.argv[1];
  return script === undefined ? undefined : findApp(script, process.cwd);
}

/** Returns the version in the name of a Sentry release, such as `shop@1.2.3`, unless that is a commit. */
function versionOf(release: string): string | undefined {
  const version = release.slice(release.lastIndexOf("@") + 1);
  return version === "" || isCommitId(version) ? undefined : version;
}

function commitOf(config: Config, release: string, path: string | undefined): string | undefined {
  if (config.resourceAttributes["vcs.ref.head.revision"] !== undefined) return undefined;
  const named = [release.slice(release.lastIndexOf("@") + 1), config.commit?.value ?? ""];
  return named.find(isCommitId) ?? (path === undefined ? undefined : findGitCommit(path));
}

/**
 * Returns the attributes of the process, without arguments, which may contain
 * secrets. The command is the script, as in the JavaScript SDK: the executable has
 * another attribute.
 */
function processAttributes(): Detected {
  return {
    "process.pid": process.pid,
    "process.executable.name": executableName(),
    "process.executable.path": process.execPath,
    "process.command": process.argv[1],
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "process.runtime.description": "Node.js",
  };
}

function executableName(): string {
  return basename(process.execPath).replace(/\.exe$/i, "");
}

function hostAttributes(): Detected {
  return { "host.name": hostname(), "host.arch": architectures[process.arch] ?? process.arch };
}

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/host/ */
const architectures: Readonly<Record<string, string>> = {
  arm: "arm32",
  ppc: "ppc32",
  x64: "amd64",
};

function osAttributes(): Detected {
  return { "os.type": osTypes[process.platform] ?? process.platform, "os.version": release() };
}

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/os/ */
const osTypes: Readonly<Record<string, string>> = { sunos: "solaris", win32: "windows" };

function withoutEmpty(detected: Detected): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(detected)) {
    if (value !== undefined && value !== "") attributes[name] = value;
  }
  return attributes;
}
