import { existsSync } from "node:fs";
import { inheritedEnvironment } from "../../env.ts";
import { containerId } from "../../resource/container.ts";

/** Whether this process runs in a container. */
export function isContainer(): boolean {
  return isKubernetes() || existsSync("/.dockerenv") || containerId() !== undefined;
}

/** Whether this process runs in a pod: Kubernetes sets this variable in each. */
export function isKubernetes(): boolean {
  return Boolean(inheritedEnvironment()["KUBERNETES_SERVICE_HOST"]);
}
