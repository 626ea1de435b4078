import assert from "node:assert/strict";
import {
  parseControlGroups,
  parseCpu,
  parseDisks,
  parseFields,
  parseMemory,
  parseMounts,
  parseNetwork,
  parseOpenFilesLimit,
  parseThreadTimes,
} from "../../../src/metrics/runtime/proc-text.ts";

interface Row {
  readonly title: string;
  readonly parse: (text: string) => unknown;
  readonly text: string;
  readonly expected: unknown;
}

const names = (parse: (text: string) => readonly { readonly name: string }[]) => (text: string) =>
  parse(text).map(({ name }) => name);

const rows: readonly Row[] = [
  {
    title: "the times of a thread in seconds",
    parse: parseThreadTimes,
    text: "2300899951 500000000 430\n",
    expected: { cpuTime: 2.300899951, runDelay: 0.5 },
  },
  {
    title: "no times of a thread where the kernel does not count them",
    parse: parseThreadTimes,
    text: "0 0 0\n",
    expected: undefined,
  },
  {
    title: "the CPU line in seconds, both kinds of interrupts together",
    parse: (text) => Object.fromEntries(parseCpu(text)),
    text: "cpu  100 200 300 400 500 10 20 70 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\nintr 1 2\n",
    expected: { user: 1, nice: 2, system: 3, idle: 4, iowait: 5, interrupt: 0.3, steal: 0.7 },
  },
  {
    title: "the CPU line of a virtual machine with few fields",
    parse: (text) => Object.fromEntries(parseCpu(text)),
    text: "cpu 100 0 300 400\n",
    expected: { user: 1, nice: 0, system: 3, idle: 4 },
  },
  {
    title: "memory in bytes",
    parse: (text) => Object.fromEntries(parseMemory(text)),
    text: "MemTotal:       2 kB\nMemAvailable:   1 kB\nHugePages_Total:       0\nnonsense\n",
    expected: { MemTotal: 2048, MemAvailable: 1024, HugePages_Total: 0 },
  },
  {
    title: "a disk in bytes and operations",
    parse: parseDisks,
    text: " 259 0 nvme0n1 10 1 20 3 30 4 40 5 0 6 7 0 0 0 0\n",
    expected: [
      {
        name: "nvme0n1",
        bytesIn: 20 * 512,
        bytesOut: 40 * 512,
        operationsIn: 10,
        operationsOut: 30,
      },
    ],
  },
  {
    title: "whole disks only",
    parse: names(parseDisks),
    text: `${[
      ...["sda", "sda1", "sdab", "sdab12", "vdb", "vdb2", "xvda", "xvda1", "nvme0n1p1"],
      ...["nvme1n1", "mmcblk0", "mmcblk0p2", "loop0", "ram1", "zram0", "dm-0", "md127", "sr0"],
    ]
      .map((name) => ` 8 0 ${name} 1 1 1 1 1 1 1 1 1 1 1`)
      .join("\n")}\n`,
    expected: ["sda", "sdab", "vdb", "xvda", "nvme1n1", "mmcblk0"],
  },
  {
    title: "an interface in bytes, without a space before its numbers",
    parse: parseNetwork,
    text: "Inter-|   Receive\n face |bytes\n  eth0:100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0\n",
    expected: [{ name: "eth0", bytesIn: 100, bytesOut: 300, operationsIn: 2, operationsOut: 4 }],
  },
  {
    title: "no interfaces of other containers",
    parse: names(parseNetwork),
    text: `${["lo", "eth0", "veth1a2b3c", "cali12", "docker0", "br-0a1b2c3d4e5f", "wlan0", "eth0.5"]
      .map((name) => `${name}: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0`)
      .join("\n")}\n`,
    expected: ["lo", "eth0", "wlan0", "eth0.5"],
  },
  {
    title: "at most 16 interfaces, however many there are",
    parse: (text) => parseNetwork(text).length,
    text: Array.from({ length: 5000 }, (_, n) => `eth${n}: 1 1 0 0 0 0 0 0 1 1 0 0 0\n`).join(""),
    expected: 16,
  },
  {
    title: "local file systems, each once, without files that runtimes mount",
    parse: parseMounts,
    text: [
      "22 27 0:21 / /proc rw - proc proc rw",
      "30 1 0:40 / / rw,relatime master:1 shared:2 - overlay overlay rw,lowerdir=/x",
      "31 30 8:1 /pods/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
      "32 30 8:1 /data /very/long/path rw - ext4 /dev/sda1 rw",
      "33 30 8:1 /data /data\\040files rw - ext4 /dev/sda1 rw",
      "34 30 0:50 / /net rw - nfs4 server:/export rw",
      "35 30 0:51 / /tmp rw - tmpfs tmpfs rw",
      "36 30 8:2 / /cut rw - ext4 /dev/sd",
    ].join("\n"),
    expected: [
      { device: "overlay", mountpoint: "/", type: "overlay" },
      { device: "/dev/sda1", mountpoint: "/data files", type: "ext4" },
    ],
  },
  {
    title: "the soft limit of open files",
    parse: parseOpenFilesLimit,
    text: "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files     \n",
    expected: 1024,
  },
  {
    title: "no limit of open files",
    parse: parseOpenFilesLimit,
    text: "Max open files            unlimited            unlimited            files     \n",
    expected: undefined,
  },
  {
    title: "control groups of both versions, with a colon in a path",
    parse: (text) => Object.fromEntries(parseControlGroups(text)),
    text: "4:memory:/a:b\n3:cpu,cpuacct:/c\n0::/\n",
    expected: { memory: "/a:b", cpu: "/c", cpuacct: "/c", "": "/" },
  },
  {
    title: "fields of a control group",
    parse: (text) => Object.fromEntries(parseFields(text)),
    text: "nr_periods 3\nnr_throttled 1\nodd\nthrottled_usec x\n",
    expected: { nr_periods: 3, nr_throttled: 1 },
  },
];

/** Texts that no kernel writes. */
const nonsense = [
  "",
  "\n",
  "cpu",
  "\u0000\u0000",
  ": : :\n".repeat(50),
  "- - -\n",
  " ".repeat(1e5),
];

describe("Files of Linux: parsed is", () => {
  for (const { title, parse, text, expected } of rows) {
    it(title, () => assert.deepEqual(parse(text), expected));
  }

  it("nothing of nonsense, without an error", () => {
    for (const { parse } of rows)
      for (const text of nonsense) assert.doesNotThrow(() => parse(text));
  });
});
