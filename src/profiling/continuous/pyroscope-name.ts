import type { Attributes } from "@opentelemetry/api";

/** Attributes of the resource that are labels: few, and with the same value for a whole process. */
const LABELS: readonly string[] = [
  "service.namespace",
  "service.version",
  "deployment.environment.name",
  "host.name",
  "k8s.namespace.name",
  "k8s.pod.name",
];

const MAX_LENGTH = 200;

/** Returns the name of Pyroscope's API: `shop{service_version=1.2.3,host_name=a}`. */
export function pyroscopeName(resource: Attributes): string {
  const labels = LABELS.flatMap((name) => {
    const value = resource[name];
    return typeof value === "string" && value !== ""
      ? [`${name.replaceAll(".", "_")}=${withoutSyntax(value)}`]
      : [];
  });
  const service = String(resource["service.name"]).slice(0, MAX_LENGTH);
  // Other characters are refused.
  return `${service.replaceAll(/[^\w./-]/g, "_") || "app"}{${labels.join(",")}}`;
}

/** Replaces what would end a value. */
function withoutSyntax(text: string): string {
  return text.slice(0, MAX_LENGTH).replaceAll(/[{}=,"\s\p{Cc}]/gu, "_");
}
