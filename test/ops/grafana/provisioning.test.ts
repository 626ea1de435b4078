import assert from "node:assert/strict";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { provisioningFiles } from "../../../src/ops/grafana/provisioning.ts";
import { logPlugins } from "../../../src/ops/grafana/variables.ts";
import { optionRows } from "./options.ts";

/** The used part of a data source. */
interface DataSource {
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly isDefault?: boolean;
  readonly jsonData: {
    readonly timeInterval?: string;
    readonly exemplarTraceIdDestinations?: readonly { readonly datasourceUid: string }[];
    readonly derivedFields?: readonly { readonly datasourceUid: string; readonly url: string }[];
    readonly tracesToLogsV2?: { readonly datasourceUid: string; readonly query: string };
    readonly tracesToMetrics?: {
      readonly datasourceUid: string;
      readonly queries: readonly { readonly query: string }[];
    };
  };
}

for (const { title, options } of optionRows) {
  describe(`provisioning of Grafana, with ${title}`, () => {
    const { grafana } = options;
    const files = new Map(provisioningFiles(options).map(({ path, text }) => [path, text]));
    const read = (kind: string): unknown =>
      parse(files.get(`grafana/provisioning/${kind}/telltale.yaml`) ?? "");
    const { datasources } = read("datasources") as { readonly datasources: DataSource[] };
    const sources = new Map(datasources.map((source) => [source.uid, source]));

    it("has the stores of the options", () => {
      const found = datasources.map(({ type, url, uid }) => [type, url, uid]);
      const { logs, traces } = grafana;
      assert.deepEqual(found, [
        ["prometheus", grafana.prometheus, "prometheus"],
        [traces.store, traces.url, traces.store],
        [logPlugins[logs.store], logs.url, logs.store],
      ]);
    });

    it("has the longest interval between samples", () => {
      const prometheus = sources.get("prometheus");
      assert.equal(prometheus?.jsonData.timeInterval, grafana.interval);
      assert.equal(prometheus?.isDefault, true);
    });

    it("links each data source with others that exist", () => {
      for (const { uid, jsonData } of datasources) {
        const links = [
          ...(jsonData.exemplarTraceIdDestinations ?? []),
          ...(jsonData.derivedFields ?? []),
          ...[jsonData.tracesToLogsV2, jsonData.tracesToMetrics].filter((one) => one !== undefined),
        ];
        assert.notEqual(links.length, 0, uid);
        for (const { datasourceUid } of links) {
          assert.notEqual(datasourceUid, uid);
          assert.ok(sources.has(datasourceUid), datasourceUid);
        }
      }
    });

    it("has variables that Grafana does not take from its environment", () => {
      // Grafana replaces $NAME and ${NAME} in these files. Two dollar signs are one.
      const text = files.get("grafana/provisioning/datasources/telltale.yaml") ?? "";
      const lines = text.split("\n").filter((line) => !line.trimStart().startsWith("#"));
      assert.doesNotMatch(lines.join("\n").replaceAll("$$", ""), /\$/);
    });

    it("has queries of metrics that are PromQL", () => {
      const queries = datasources.flatMap(
        ({ jsonData }) => jsonData.tracesToMetrics?.queries ?? [],
      );
      assert.ok(queries.length > 0);
      for (const { query } of queries) {
        const text = query.replaceAll("$$__tags", 'job="shop"');
        parser.parse(text).iterate({ enter: ({ type }) => assert.ok(!type.isError, text) });
      }
    });

    it("loads dashboards from one folder, and lets no one change them", () => {
      const { providers } = read("dashboards") as {
        readonly providers: readonly {
          readonly type: string;
          readonly allowUiUpdates: boolean;
          readonly options: { readonly path: string };
        }[];
      };
      assert.deepEqual(
        providers.map(({ type, allowUiUpdates, options }) => [type, allowUiUpdates, options.path]),
        [["file", false, "/var/lib/grafana/dashboards/telltale"]],
      );
    });
  });
}
