import type { LinkOptions } from "../../../ops/options/link-options.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { URL } from "./text-rules.ts";

const names = [
  "runbooks",
  "grafana",
  "prometheus",
  "alertmanager",
  "traces",
  "logs",
  "errors",
] as const;

/** Reads `links`. */
export function readLinkOptions(section: YamlMap | undefined): LinkOptions {
  const links: { -readonly [name in keyof LinkOptions]: string } = {};
  for (const name of names) {
    const url = section?.text(name, URL);
    if (url !== undefined) links[name] = url.replace(/\/$/, "");
  }
  section?.end();
  return links;
}
