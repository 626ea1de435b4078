import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../../../scripts/build/paths.ts";
import { collector } from "../../../scripts/collector/paths.ts";

export const composeFile: string = join(collector, "compose.yaml");

/** What `telltale ops` has written for the demo. */
export const operations: string = join(root, "ops");

/** The used part of a service. */
export interface Service {
  readonly image: string;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export function readCompose(): Compose {
  return parse(readFileSync(composeFile, "utf8"), { merge: true }) as Compose;
}

interface DataSource {
  readonly uid: string;
  readonly url: string;
  readonly jsonData: {
    readonly exemplarTraceIdDestinations?: readonly { name: string; datasourceUid: string }[];
    readonly derivedFields?: readonly { datasourceUid: string; matcherRegex: string }[];
    readonly tracesToLogsV2?: { readonly datasourceUid: string; readonly query: string };
    readonly tracesToMetrics?: {
      readonly datasourceUid: string;
      readonly queries: readonly { readonly name: string; readonly query: string }[];
    };
  };
}

/** Grafana's data sources, by their uid. */
export function readDataSources(): ReadonlyMap<string, DataSource> {
  const file = join(operations, "grafana/provisioning/datasources/telltale.yaml");
  const { datasources } = parse(readFileSync(file, "utf8")) as { datasources: DataSource[] };
  return new Map(datasources.map((source) => [source.uid, source]));
}
