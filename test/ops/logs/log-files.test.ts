import assert from "node:assert/strict";
import { parser } from "@grafana/lezer-logql";
import { parseAllDocuments } from "yaml";
import { severityOf } from "../../../src/logs/severity.ts";
import { type Level, levelNames, UNKNOWN_LEVEL } from "../../../src/ops/logs/level.ts";
import { idFields, labelFields } from "../../../src/ops/logs/line.ts";
import { logFiles } from "../../../src/ops/logs/log-files.ts";
import { defaultLogOptions, type LogOptions } from "../../../src/ops/options/log-options.ts";
import { type Block, parseAlloy, type Value } from "./alloy-syntax.ts";
import { generated, generatedFile } from "./generated.ts";

/** Checks the syntax of a file, by the end of its name. */
const syntaxes: Readonly<Record<string, (text: string) => void>> = {
  yaml: (text) => {
    for (const { errors, warnings } of parseAllDocuments(text, { uniqueKeys: true })) {
      assert.deepEqual([...errors, ...warnings], []);
    }
  },
  json: (text) => void JSON.parse(text),
  alloy: (text) => void parseAlloy(text),
  env: (text) => {
    for (const line of text.split("\n")) assert.match(line, /^(?:$|#|[A-Z_]+=\S+$)/);
  },
  // rsyslog and luajit themselves read these two in programs.process.test.ts.
  conf: assertBalanced,
  lua: assertBalanced,
};

describe("Configurations of log pipelines", () => {
  it("are the same for the same options", () => {
    assert.deepEqual([...generated()], [...generated()]);
  });

  it("have names of their own below logs/", () => {
    const paths = logFiles({ team: "operations", logs: defaultLogOptions }).map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length);
    for (const path of paths) assert.match(path, /^logs\/[\w-]+\/[\w-]+\.[a-z]+$/);
  });

  for (const [path, text] of generated()) {
    it(`${path} is in the syntax of its kind`, () => {
      const check = syntaxes[path.split(".").at(-1)!];
      assert.ok(check, "the syntax is known");
      check(text);
      assert.match(text, /\S\n$/, "ends with one line break");
      assert.doesNotMatch(text, /[ \t]\n|\t|undefined|\[object|NaN/);
    });
  }
});

describe("Options of log pipelines", () => {
  /** Another value of each option, and the files that it has to be in. */
  const others: {
    readonly [Name in keyof LogOptions]: readonly [LogOptions[Name], RegExp, number];
  } = {
    folders: [["/srv/a/logs", "/srv/b/logs"], /\/srv\/a\/logs[^]*\/srv\/b\/logs/, 12],
    lokiUrl: ["https://loki.example:8443", /loki\.example/, 8],
    elasticsearchUrl: ["https://es.example:8443", /es\.example/, 10],
    victoriaLogsUrl: ["https://vl.example:8443", /vl\.example/, 7],
    collectorUrl: ["https://collector.example:8443", /collector\.example/, 2],
    alertmanagerUrl: ["http://am.example:9999", /am\.example:9999/, 5],
    logGroup: ["/acme/logs", /\/acme\/logs/, 4],
    retentionDays: [91, /\b91d?\b/, 3],
    errorsPerMinute: [77, /> ?77\b|\b77 errors|num_events: 78|Threshold: 77/, 4],
    securityEventsPerMinute: [66, /> ?66\b|num_events: 67|Threshold: 66/, 4],
    silentMinutes: [44, /\b44m\b|minutes: 44|Period: 2640/, 4],
  };
  const names = Object.keys(others) as (keyof LogOptions)[];

  for (const name of names) {
    it(`${name} replaces the default in each file that needs it`, () => {
      const [value, expected, count] = others[name];
      const before = generated();
      const after = generated({ [name]: value });
      const changed = [...after].filter(([path, text]) => before.get(path) !== text);
      assert.equal(changed.length, count, changed.map(([path]) => path).join(" "));
      for (const [path, text] of changed) assert.match(text, expected, path);
      const fallback = String(defaultLogOptions[name]);
      if (fallback.startsWith("http") || fallback.startsWith("/")) {
        for (const [path, text] of after) assert.ok(!text.includes(fallback), path);
      }
    });
  }

  it("team is a label of the alerts of all stores with labels", () => {
    const withTeam = [...generated({}, "payments")].filter(([, text]) => text.includes("payments"));
    assert.deepEqual(
      withTeam.map(([path]) => path.split("/")[0]),
      ["loki", "elastalert", "elastalert", "elastalert", "elastalert", "victorialogs"],
    );
  });

  it("silentMinutes: 0 leaves the alert on missing lines out", () => {
    const without = [...generated({ silentMinutes: 0 })];
    assert.ok([...generated()].filter(([, text]) => text.includes("NoLogLines")).length >= 4);
    assert.deepEqual(
      without.filter(([path, text]) => path.includes("NoLogLines") || text.includes("NoLogLines")),
      [],
    );
  });
});

describe("Labels of lines", () => {
  /** A stream of VictoriaLogs is the instance of an app; levels are searched by their field. */
  const streams = labelFields.filter((name) => name !== "level");

  /** The names by which stores index lines, for each file that has any. */
  const indexed: readonly (readonly [path: string, labels: (text: string) => readonly string[]])[] =
    [
      ["alloy/lines.alloy", (text) => keptByAlloy(parseAlloy(text))],
      ...["files", "docker", "kubernetes"].map(
        (source) => [`promtail/${source}.yaml`, keptByPromtail] as const,
      ),
      ["vector/to-loki.yaml", (text) => Object.keys(at(text, "sinks", "loki", "labels") as object)],
      ["vector/to-victorialogs.yaml", streamFields],
      ["fluent-bit/to-loki.yaml", (text) => namesOf(/^ +labels: (.*)$/m.exec(text)![1]!)],
      ["fluent-bit/to-victorialogs.yaml", streamFields],
      ["syslog-ng/victorialogs.conf", streamFields],
    ];

  for (const [path, labels] of indexed) {
    const expected = path.includes("victorialogs") ? streams : [...labelFields];
    it(`${path} has few: ${expected.join(", ")}`, () => {
      assert.deepEqual(labels(generatedFile(path)), expected);
    });
  }

  it("are the service and the environment for records over OTLP", () => {
    const header = /VL-Stream-Fields[=:] ?"?([^"\n]+)/;
    for (const path of ["otlp/victorialogs.env", "collector/victorialogs.yaml"]) {
      const [, value] = header.exec(generatedFile(path))!;
      assert.equal(decodeURIComponent(value!), "service.name,deployment.environment.name", path);
    }
  });

  const searched: readonly (readonly [path: string, names: (text: string) => readonly string[]])[] =
    [
      ["alloy/lines.alloy", (text) => keysOf(find(parseAlloy(text), "stage.structured_metadata"))],
      ...["files", "docker", "kubernetes"].map(
        (source) =>
          [
            `promtail/${source}.yaml`,
            (text: string) => stageKeys(text, "structured_metadata"),
          ] as const,
      ),
      [
        "vector/to-loki.yaml",
        (text) => Object.keys(at(text, "sinks", "loki", "structured_metadata") as object),
      ],
      [
        "fluent-bit/to-loki.yaml",
        (text) => namesOf(/^ +structured_metadata: (.*)$/m.exec(text)![1]!),
      ],
    ];
  for (const [path, names] of searched) {
    it(`${path} makes the ids structured metadata`, () => {
      assert.deepEqual(names(generatedFile(path)), [...idFields]);
    });
  }
});

describe("Levels of lines", () => {
  const ranges: Readonly<Record<Level, readonly [number, number]>> = {
    fatal: [21, 24],
    error: [17, 20],
    warn: [13, 16],
    info: [9, 12],
    debug: [5, 8],
    trace: [1, 4],
  };

  for (const [level, names] of Object.entries(levelNames) as [Level, string[]][]) {
    it(`${level} has the names of the severities that telltale itself has`, () => {
      const [lowest, highest] = ranges[level];
      for (const name of names) {
        // `err` and `log` are names of syslog and of the console, which loggers don't have.
        if (/^\d+$|^err$|^log$/.test(name)) continue;
        const severity = severityOf(name, {});
        assert.ok(severity >= lowest && severity <= highest, `${name}: ${severity}`);
      }
    });
  }

  it("are reduced in all pipelines by the same names", () => {
    const names = Object.values(levelNames).flat();
    for (const path of [
      "alloy/lines.alloy",
      "promtail/files.yaml",
      "vector/lines.yaml",
      "fluent-bit/lines.lua",
      "elasticsearch/ingest-pipeline.json",
    ]) {
      const text = generatedFile(path).replaceAll(String.raw`\"`, '"');
      for (const name of names) assert.ok(text.includes(`"${name}"`), `${path}: ${name}`);
      assert.ok(text.includes(UNKNOWN_LEVEL), path);
    }
  });
});

describe("Files of rotating logs", () => {
  const pipelines = [
    "alloy/files.alloy",
    "promtail/files.yaml",
    "filebeat/files.yaml",
    "logstash/pipeline.conf",
    "fluent-bit/files.yaml",
    "vector/files.yaml",
    "cloudwatch/agent.json",
    "collector/files.yaml",
    "rsyslog/victorialogs.conf",
    "rsyslog/elasticsearch.conf",
    "syslog-ng/victorialogs.conf",
    "syslog-ng/elasticsearch.conf",
  ];

  for (const path of pipelines) {
    it(`${path} reads each line once: not errors.log, whose lines are in application.log`, () => {
      const text = generatedFile(path);
      for (const file of ["application.log", "performance.log", "security.log"]) {
        assert.ok(text.includes(`/var/log/telltale/${file}`), file);
      }
      assert.doesNotMatch(text, /errors\.log|telltale\/\*/);
    });
  }

  it("are read with their rotated files only where a file is known by its content", () => {
    const withRotated = pipelines.filter((path) =>
      generatedFile(path).includes("application.log.*"),
    );
    assert.deepEqual(withRotated, [
      "filebeat/files.yaml",
      "logstash/pipeline.conf",
      "vector/files.yaml",
      "collector/files.yaml",
    ]);
    for (const path of withRotated) assert.match(generatedFile(path), /gz/, path);
  });

  it("may have lines of a million characters", () => {
    for (const path of [
      "filebeat/files.yaml",
      "vector/files.yaml",
      "syslog-ng/victorialogs.conf",
    ]) {
      assert.match(generatedFile(path), /4194304/, path);
    }
    assert.match(generatedFile("collector/files.yaml"), /max_log_size: 4MiB/);
    assert.match(generatedFile("fluent-bit/files.yaml"), /buffer_max_size: 4M/);
    assert.match(generatedFile("rsyslog/victorialogs.conf"), /maxMessageSize="4m"/);
  });
});

describe("References between files", () => {
  it("of Alloy name components that are there", () => {
    const texts = [...generated()].filter(([path]) => path.startsWith("alloy/"));
    const blocks = texts.flatMap(([, text]) => parseAlloy(text).blocks);
    const components = blocks.map(({ name, label }) => `${name}.${label}`);
    assert.equal(new Set(components).size, components.length);
    const references = blocks.flatMap(referencesOf);
    assert.ok(references.length > 8);
    for (const reference of references) {
      const [, component] = /^(.*)\.(?:receiver|targets|output)$/.exec(reference) ?? [];
      assert.ok(components.includes(component!), reference);
    }
  });

  it("of Vector name sources and transforms that are there", () => {
    const documents = [...generated()]
      .filter(([path]) => path.startsWith("vector/"))
      .map(([, text]) => parseAllDocuments(text)[0]!.toJS() as VectorFile);
    const outputs = documents.flatMap(({ sources, transforms }) =>
      Object.keys({ ...sources, ...transforms }),
    );
    const inputs = documents.flatMap(({ transforms, sinks }) =>
      Object.values({ ...transforms, ...sinks }).flatMap((component) => component.inputs),
    );
    for (const input of inputs) {
      const pattern = new RegExp(`^${input.replace("*", ".*")}$`);
      assert.ok(
        outputs.some((output) => pattern.test(output)),
        input,
      );
    }
  });

  it("of Fluent Bit name files and functions that are there", () => {
    const files = generated();
    const functions = [...files.get("fluent-bit/lines.lua")!.matchAll(/^function (\w+)/gm)].map(
      ([, name]) => name,
    );
    for (const [path, text] of files) {
      if (!path.startsWith("fluent-bit/") || !path.endsWith(".yaml")) continue;
      for (const [, name] of text.matchAll(/call: (\w+)/g))
        assert.ok(functions.includes(name), `${path}: ${name}`);
      for (const [, name] of text.matchAll(/(?:script:|^ +-) (\S+\.(?:lua|yaml))$/gm)) {
        assert.ok(files.has(`fluent-bit/${name}`), `${path}: ${name}`);
      }
    }
  });

  it("of Elasticsearch name one pipeline, template, policy and data stream", () => {
    const template = JSON.parse(generatedFile("elasticsearch/index-template.json")) as {
      index_patterns: string[];
      template: { settings: Record<string, unknown> };
    };
    assert.deepEqual(template.index_patterns, ["logs-telltale-*"]);
    assert.equal(template.template.settings["index.default_pipeline"], "telltale");
    for (const path of [
      "filebeat/files.yaml",
      "fluent-bit/to-elasticsearch.yaml",
      "rsyslog/elasticsearch.conf",
      "syslog-ng/elasticsearch.conf",
    ]) {
      assert.match(generatedFile(path), /logs-telltale-default/, path);
    }
    for (const path of ["logstash/pipeline.conf", "vector/to-elasticsearch.yaml"]) {
      assert.match(generatedFile(path), /dataset(?:: | => ")telltale/, path);
    }
  });

  it("of the alarms of CloudWatch name parameters and filters that are there", () => {
    const { Parameters, Resources } = parseAllDocuments(
      generatedFile("cloudwatch/alarms.yaml"),
    )[0]!.toJS() as {
      Parameters: Record<string, unknown>;
      Resources: Record<
        string,
        { Type: string; DependsOn?: string; Properties: Record<string, unknown> }
      >;
    };
    const text = JSON.stringify(Resources);
    for (const [, name] of text.matchAll(/"Ref":"(\w+)"/g))
      assert.ok(Object.hasOwn(Parameters, name!), name!);
    const metricOf = (properties: Record<string, unknown>): unknown =>
      properties["MetricName"] ??
      (properties["MetricTransformations"] as { MetricName: string }[])[0]!.MetricName;
    for (const [name, { Type, DependsOn, Properties }] of Object.entries(Resources)) {
      if (Type !== "AWS::CloudWatch::Alarm") continue;
      assert.equal(metricOf(Properties), metricOf(Resources[DependsOn!]!.Properties), name);
    }
  });
});

describe("Alerts on lines", () => {
  const alerts = ["TooManyErrorLines", "FatalLine", "TooManySecurityEvents", "NoLogLines"];

  for (const path of ["loki/rules.yaml", "victorialogs/rules.yaml"]) {
    it(`${path} has all of them, with severity, team and what to do`, () => {
      const { groups } = parseAllDocuments(generatedFile(path))[0]!.toJS() as RuleFile;
      const rules = groups.flatMap((group) => group.rules);
      assert.deepEqual(
        rules.map(({ alert }) => alert),
        alerts,
      );
      for (const { labels, annotations } of rules) {
        assert.deepEqual(Object.keys(labels), ["severity", "team"]);
        assert.deepEqual(Object.keys(annotations), ["summary", "description"]);
        assert.match(annotations["summary"]!, /\{\{ \$labels\.\w+ \}\}/);
      }
    });
  }

  it("are in the syntax of LogQL for Loki", () => {
    const { groups } = parseAllDocuments(generatedFile("loki/rules.yaml"))[0]!.toJS() as RuleFile;
    for (const { alert, expr } of groups[0]!.rules) {
      const problems: string[] = [];
      parser.parse(expr).iterate({
        enter: ({ type, from, to }) => {
          if (type.isError) problems.push(expr.slice(from, to + 20));
        },
      });
      assert.deepEqual(problems, [], alert);
    }
  });

  it("exist for ElastAlert and CloudWatch, too", () => {
    const files = generated();
    for (const alert of alerts) {
      assert.ok(files.has(`elastalert/${alert}.yaml`), alert);
      assert.match(files.get("cloudwatch/alarms.yaml")!, new RegExp(`^  ${alert}:$`, "m"));
    }
  });
});

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

interface VectorFile {
  readonly sources?: object;
  readonly transforms?: Readonly<Record<string, { readonly inputs: readonly string[] }>>;
  readonly sinks?: Readonly<Record<string, { readonly inputs: readonly string[] }>>;
}

/** Brackets outside of texts and comments are closed in their order. */
function assertBalanced(text: string): void {
  const code = text.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?:#|--).*$/gm, "");
  const open: string[] = [];
  for (const [sign] of code.matchAll(/[()[\]{}]/g)) {
    if ("([{".includes(sign)) open.push(sign);
    else assert.equal(`${open.pop()}${sign}`.match(/^(?:\(\)|\[\]|\{\})$/)?.length, 1, sign);
  }
  assert.deepEqual(open, []);
}

function find(block: Block, name: string): Block {
  const found = block.blocks.flatMap((inner) =>
    inner.name === name ? [inner] : findAll(inner, name),
  );
  assert.equal(found.length, 1, name);
  return found[0]!;
}

function findAll(block: Block, name: string): readonly Block[] {
  return block.blocks.flatMap((inner) => (inner.name === name ? [inner] : findAll(inner, name)));
}

function keysOf(block: Block): readonly string[] {
  const value = block.attributes.get("values")!;
  return "map" in value ? [...value.map.keys()] : [];
}

function keptByAlloy(root: Block): readonly string[] {
  const value = find(root, "stage.label_keep").attributes.get("values")!;
  const kept = "list" in value ? value.list.map((item) => ("text" in item ? item.text : "")) : [];
  assert.deepEqual(kept, keysOf(find(root, "stage.labels")));
  return kept;
}

function referencesOf(block: Block): readonly string[] {
  return [
    ...[...block.attributes.values()].flatMap(referencesIn),
    ...block.blocks.flatMap(referencesOf),
  ];
}

function referencesIn(value: Value): readonly string[] {
  if ("reference" in value) return [value.reference];
  if ("list" in value) return value.list.flatMap(referencesIn);
  return "map" in value ? [...value.map.values()].flatMap(referencesIn) : [];
}

function at(text: string, ...path: readonly string[]): unknown {
  return parseAllDocuments(text)[0]!.getIn(path, false) === undefined
    ? undefined
    : (
        parseAllDocuments(text)[0]!.toJS() as Record<
          string,
          Record<string, Record<string, unknown>>
        >
      )[path[0]!]?.[path[1]!]?.[path[2]!];
}

function stageKeys(text: string, stage: string): readonly string[] {
  const { scrape_configs } = parseAllDocuments(text)[0]!.toJS() as {
    scrape_configs: { pipeline_stages: Record<string, object>[] }[];
  };
  const found = scrape_configs[0]!.pipeline_stages.find((one) => stage in one)![stage]!;
  return Array.isArray(found) ? (found as string[]) : Object.keys(found);
}

function keptByPromtail(text: string): readonly string[] {
  const kept = stageKeys(text, "labelallow");
  assert.deepEqual(kept, stageKeys(text, "labels"));
  return kept;
}

function streamFields(text: string): readonly string[] {
  return /_stream_fields=([\w,]+)/.exec(text)![1]!.split(",");
}

/** The names of `a=$a, b=$b`, which have to be those of the record. */
function namesOf(text: string): readonly string[] {
  return text.split(", ").map((pair) => {
    const [name, value] = pair.split("=");
    assert.equal(value, `$${name}`);
    return name!;
  });
}
