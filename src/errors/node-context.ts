import { arch, release, type } from "node:os";
import type { Event } from "@sentry/core";

const osNames: Readonly<Record<string, string>> = { Darwin: "macOS", Windows_NT: "Windows" };

/** Contexts of the machine and the process, the same for all events. */
export const nodeContexts: NonNullable<Event["contexts"]> = {
  os: { name: osNames[type()] ?? type(), version: release(), kernel_version: release() },
  device: { arch: arch() },
  app: { app_start_time: new Date(performance.timeOrigin).toISOString() },
};
