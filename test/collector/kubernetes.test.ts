import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { collector, manifest } from "../../scripts/collector/paths.ts";

/*
 * Checks beyond the schema: the names in the manifests are those of the presets, of
 * the image and of each other. Without an API server in the tests, the schema of
 * Kubernetes 1.37 was checked manually with `kubernetes-validate --strict`.
 */

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly port: string } };
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly [Container];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly serviceAccountName: string;
  readonly volumes?: readonly { readonly name: string }[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly clusterIP?: string;
    readonly internalTrafficPolicy?: string;
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
    readonly selector: Readonly<Record<string, unknown>>;
    readonly serviceName?: string;
    readonly template: {
      readonly metadata: {
        readonly labels: unknown;
        readonly annotations: Readonly<Record<string, string>>;
      };
      readonly spec: PodSpec;
    };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

for (const [name, kind] of [
  ["agent", "DaemonSet"],
  ["gateway", "StatefulSet"],
] as const) {
  describe(`collector/kubernetes/${name}.yaml`, () => {
    const file = readFileSync(join(collector, "kubernetes", `${name}.yaml`), "utf8");
    const resources = parseAllDocuments(file).map((document) => document.toJS() as Resource);
    const workload = one(resources, kind);
    const service = one(resources, "Service");
    const pod = workload.spec.template.spec;
    const [container] = pod.containers;
    const preset = readFileSync(join(collector, `${name}.yaml`), "utf8");

    it("runs the preset of its name from the image, in the version of the manifest", () => {
      assert.deepEqual(container.args, [`--config=/etc/telltale-collector/${name}.yaml`]);
      const version = /version: (\S+)/.exec(readFileSync(manifest, "utf8"))![1];
      assert.equal(container.image, `telltale-collector:${version}`);
      for (const [, path = ""] of file.matchAll(
        /--config=\/etc\/telltale-collector\/(\S+\.yaml)/g,
      )) {
        assert.ok(existsSync(join(collector, path)), path);
      }
    });

    it("sets variables that the preset reads", () => {
      const own = container.env.map(({ name }) => name).filter((name) => name !== "GOMEMLIMIT");
      assert.ok(own.length > 0);
      for (const variable of own) assert.ok(preset.includes(`\${env:${variable}:-`), variable);
    });

    it("names the ports on which the preset listens, and probes one of them", () => {
      const ports = new Map(container.ports.map((port) => [port.name, port.containerPort]));
      for (const port of ports.values()) assert.match(preset, new RegExp(`_PORT:-${port}\\}`));
      for (const { port, targetPort } of service.spec.ports) {
        assert.equal(ports.get(targetPort), port);
      }
      const annotated = workload.spec.template.metadata.annotations["prometheus.io/port"];
      assert.ok([...ports.values()].includes(Number(annotated)));
      for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"] as const) {
        assert.equal(ports.get(container[probe]?.httpGet.port ?? ""), 13133, probe);
      }
    });

    it("makes only its queue writable, for the image's user", () => {
      const user = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(collector, "Dockerfile"), "utf8"))!;
      assert.equal(pod.securityContext["runAsUser"], Number(user[1]));
      assert.equal(pod.securityContext["fsGroup"], Number(user[2]));
      assert.equal(pod.securityContext["runAsNonRoot"], true);
      assert.deepEqual(container.securityContext, {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.serviceAccountName, one(resources, "ServiceAccount").metadata.name);
      const volumes = [
        ...(pod.volumes ?? []).map(({ name }) => name),
        ...(workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
      ];
      assert.deepEqual(volumes, ["queue"]);
      assert.deepEqual(container.volumeMounts, [
        { name: "queue", mountPath: "/var/lib/telltale-collector" },
      ]);
    });

    it("sets GOMEMLIMIT to 80% of its memory", () => {
      const limit = mebibytes(container.resources.limits.memory);
      const configured = container.env.find(({ name }) => name === "GOMEMLIMIT")!.value!;
      assert.equal(mebibytes(configured), Math.round(limit * 0.8));
    });

    it("selects the pods of its template", () => {
      const { labels } = workload.spec.template.metadata;
      assert.deepEqual(service.spec.selector, labels);
      assert.deepEqual(workload.spec.selector["matchLabels"], labels);
      assert.equal(workload.spec.serviceName ?? service.metadata.name, service.metadata.name);
    });
  });
}

describe("The manifests of agent and gateway", () => {
  it("send from the agent to the gateway's service", () => {
    const agent = readFileSync(join(collector, "kubernetes", "agent.yaml"), "utf8");
    const gateway = readFileSync(join(collector, "kubernetes", "gateway.yaml"), "utf8");
    const url = new URL(/value: (http:\S+)/.exec(agent)![1]!);
    const service = one(
      parseAllDocuments(gateway).map((document) => document.toJS() as Resource),
      "Service",
    );
    assert.equal(url.hostname, service.metadata.name);
    assert.ok(service.spec.ports.some(({ port }) => port === Number(url.port)));
    assert.equal(service.spec.clusterIP, "None");
  });
});

function one(resources: readonly Resource[], kind: string): Resource {
  const found = resources.filter((resource) => resource.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0]!;
}

/** Parses sizes of Kubernetes ("256Mi") and of Go ("205MiB"). */
function mebibytes(text: string): number {
  const [, amount, unit] = /^(\d+)([MG])iB?$/.exec(text)!;
  return Number(amount) * (unit === "G" ? 1024 : 1);
}
