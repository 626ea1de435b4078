import assert from "node:assert/strict";
import { containerId, idInCgroup, idInMounts } from "../../src/resource/container.ts";

const ID = "4f2b".repeat(16);
const POD = "8d3a9c1e-6b8f-4c7e-9a51-1f6f2f1f7a10";

describe("The container id", () => {
  const cgroups: readonly [string, string, string | undefined][] = [
    ["Docker, v1", `12:memory:/docker/${ID}\n0::/`, ID],
    ["Docker with systemd", `0::/system.slice/docker-${ID}.scope`, ID],
    ["Kubernetes, v1", `11:cpu:/kubepods/burstable/pod${POD}/${ID}`, ID],
    [
      "Kubernetes with systemd",
      `0::/kubepods.slice/kubepods-pod${POD.replaceAll("-", "_")}.slice/cri-containerd-${ID}.scope`,
      ID,
    ],
    ["CRI-O", `0::/kubepods.slice/crio-${ID}.scope`, ID],
    ["Podman", `0::/machine.slice/libpod-${ID}.scope`, ID],
    [
      "containerd alone",
      `0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${ID}`,
      ID,
    ],
    [
      "Fargate",
      `9:perf_event:/ecs/${"ab".repeat(16)}/${"ab".repeat(16)}-2677471447`,
      `${"ab".repeat(16)}-2677471447`,
    ],
    ["no container", "0::/user.slice/user-1000.slice/session-3.scope", undefined],
    ["a namespace of its own", "0::/", undefined],
    ["a unit with a long name", `0::/system.slice/${"ab".repeat(16)}.service`, undefined],
    ["an id that is too short", `1:x:/docker/${ID.slice(1)}`, undefined],
    ["nothing", "", undefined],
  ];
  for (const [title, text, id] of cgroups) {
    it(`in cgroups of ${title} is ${id ?? "absent"}`, () => {
      assert.equal(idInCgroup(text), id);
    });
  }

  const mounts: readonly [string, string, string | undefined][] = [
    [
      "Docker",
      `693 676 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`,
      ID,
    ],
    [
      "Podman",
      `983 961 0:56 /containers/overlay-containers/${ID}/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw`,
      ID,
    ],
    [
      "a pod of containerd, whose id is another",
      `1 2 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/hostname /etc/hostname rw - ext4 a rw`,
      undefined,
    ],
    ["no container", "25 30 0:23 / /sys rw - sysfs sysfs rw", undefined],
    ["nothing", "", undefined],
  ];
  for (const [title, text, id] of mounts) {
    it(`in mounts of ${title} is ${id ?? "absent"}`, () => {
      assert.equal(idInMounts(text), id);
    });
  }

  it("is detected in this process without an error", () => {
    const id = containerId();
    assert.ok(id === undefined || /^[\da-f]{32}/.test(id));
  });
});
