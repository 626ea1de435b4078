import type { AlertSource } from "../../alerts/alert.ts";
import type { Config } from "../../config/config.ts";
import { detectResourceAttributes } from "../../resource/attributes.ts";
import { detectEnvironment, detectRelease } from "../../resource/release.ts";

/** Returns what alerts of commands name as their source: the app in a folder, as its preload would. */
export function alertSourceIn(folder: string, config: Config): AlertSource {
  const attributes = detectResourceAttributes(config, folder);
  const service = String(attributes["service.name"]);
  return {
    service: service.startsWith("unknown_service") ? undefined : service,
    environment: detectEnvironment(config),
    release: detectRelease(config, attributes)?.name,
  };
}
