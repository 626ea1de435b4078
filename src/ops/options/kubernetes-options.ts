/** Names in the manifests for Kubernetes. */
export interface KubernetesOptions {
  readonly namespace: string;
  /** Labels by which Prometheus' operator selects monitors, probes and rules. */
  readonly labels: Readonly<Record<string, string>>;
}

export const defaultKubernetesOptions: KubernetesOptions = {
  namespace: "default",
  labels: { release: "prometheus" },
};
