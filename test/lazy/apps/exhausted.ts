import { closeSync, openSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { devNull } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { lazy } from "../../../src/lazy.ts";

/*
 * Uses up all file descriptors, and loads lazy modules, with their imports, while files
 * are being opened in the threads of libuv. Prints the reasons of failures.
 */
const modules = [
  lazy<typeof import("../../../src/errors/client.ts")>("errors/client.ts"),
  lazy<typeof import("../../../src/export/otlp/exporter.ts")>("export/otlp/exporter.ts"),
  lazy<typeof import("../../../src/metrics/prometheus/page.ts")>("metrics/prometheus/page.ts"),
  lazy<typeof import("../../../src/metrics/runtime/runtime.ts")>("metrics/runtime/runtime.ts"),
];

const reserved = countReserved();
const descriptors = openAll();
const failures: string[] = [];
for (const load of modules) {
  const opening = Array.from({ length: 3 }, () => open(process.execPath).catch(() => undefined));
  try {
    load();
  } catch (error) {
    failures.push(String(error));
  }
  for (const file of await Promise.all(opening)) await file?.close();
  // What the files had taken is reserved again.
  while (countReserved() < reserved) await delay(10);
}
for (const descriptor of descriptors) closeSync(descriptor);
console.log(JSON.stringify({ reserved, failures }));

function openAll(): number[] {
  const opened: number[] = [];
  try {
    for (;;) opened.push(openSync(process.execPath, "r"));
  } catch {
    return opened;
  }
}

/** Counts the open descriptors of the reserve, without opening one. */
function countReserved(): number {
  let count = 0;
  for (let descriptor = 3; descriptor < 64; descriptor++) {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`) === devNull) count++;
    } catch {
      // It is not open.
    }
  }
  return count;
}
