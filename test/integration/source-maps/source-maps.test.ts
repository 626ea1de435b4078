import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import {
  addPackage,
  type App,
  bundle,
  changeMap,
  compile,
  createApp,
  removeSources,
} from "./builds.ts";

interface BuildCase {
  readonly title: string;
  /** Builds the app, and returns its main file. */
  readonly build: (app: App) => Promise<string>;
  /** Whether the sources are removed after the build. */
  readonly withoutSources?: boolean;
  readonly flags?: readonly string[];
  /** Function of the top frame in the output; default: `place`. */
  readonly functionName?: string;
  /** Replaces `src/lib/order.ts`, relative to the app. */
  readonly filename?: string;
}

const SOURCE_MAPS = ["--enable-source-maps"];

/** Builds whose errors are shown in the source. */
const mapped: readonly BuildCase[] = [
  {
    title: "a minified bundle, CommonJS",
    build: (app) => bundle(app, { minify: true }),
    functionName: "e",
  },
  {
    title: "a minified bundle, ES module, with its map inside",
    build: (app) => bundle(app, { minify: true, format: "esm", sourcemap: "inline" }),
    functionName: "e",
  },
  {
    title: "a bundle whose map has no sources",
    build: (app) => bundle(app, { format: "esm", sourcesContent: false }),
  },
  {
    title: "a bundle without its sources",
    build: (app) => bundle(app, { format: "esm" }),
    withoutSources: true,
  },
  {
    title: "a bundle with the names of webpack",
    build: bundleLikeWebpack,
    filename: "webpack://shop/./src/lib/order.ts",
  },
  {
    title: "a bundle with the names of webpack, with Node's source maps",
    build: bundleLikeWebpack,
    flags: SOURCE_MAPS,
    filename: "webpack://shop/src/lib/order.ts",
  },
  { title: "files of tsc, ES modules", build: (app) => compile(app, "module") },
  {
    title: "files of tsc, CommonJS, without their sources",
    build: (app) => compile(app, "commonjs", { inlineSources: true }),
    withoutSources: true,
  },
  {
    title: "files of tsc with their maps inside",
    build: (app) =>
      compile(app, "module", { sourceMap: false, inlineSourceMap: true, inlineSources: true }),
  },
  {
    title: "a bundle, with Node's source maps",
    build: (app) => bundle(app, { minify: true, format: "esm" }),
    flags: SOURCE_MAPS,
  },
  {
    title: "a bundle without its sources, with Node's source maps",
    build: (app) => bundle(app, { minify: true }),
    withoutSources: true,
    flags: SOURCE_MAPS,
  },
  {
    title: "files of tsc without their sources, with Node's source maps",
    build: (app) => compile(app, "module", { inlineSources: true }),
    withoutSources: true,
    flags: SOURCE_MAPS,
  },
  {
    title: "the sources themselves, whose types Node strips",
    build: ({ folder }) => Promise.resolve(join(folder, "src/main.ts")),
  },
];

async function bundleLikeWebpack(app: App): Promise<string> {
  const file = await bundle(app, {});
  await removeSources(app);
  await changeMap(file, (map) => ({
    ...map,
    sources: map.sources.map((source) => `webpack://shop/./${source.replace("../", "")}`),
  }));
  return file;
}

/** Fields of contexts, with the types of their values in JSON. */
const contextFields = [
  ["app", "app_start_time", "string"],
  ["app", "app_memory", "number"],
  ["app", "free_memory", "number"],
  ["device", "arch", "string"],
  ["device", "boot_time", "string"],
  ["device", "memory_size", "number"],
  ["device", "free_memory", "number"],
  ["device", "processor_count", "number"],
  ["os", "name", "string"],
  ["os", "version", "string"],
  ["os", "kernel_version", "string"],
  ["culture", "locale", "string"],
  ["culture", "timezone", "string"],
] as const;

/** How the process goes on: sources are read at its exit, or while it runs. */
const modes = [
  ["that is fatal", []],
  ["that the app survives", ["survives"]],
] as const;

describe("The stack of an error", () => {
  let receiver: Receiver;
  let app: App;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(async () => {
    receiver.clear();
    app = await createApp();
  });
  afterEach(() => app.remove());
  after(() => receiver.close());

  for (const buildCase of mapped) {
    const { title, flags = [], functionName = "place", filename } = buildCase;
    for (const [ending, args] of modes) {
      it(`${ending} shows the source: ${title}`, async () => {
        const event = await eventOf(await buildApp(buildCase), flags, args);
        const frame = topFrame(event);
        const { lineno, colno, in_app: inApp, module } = frame;
        assert.equal(frame["filename"], filename ?? join(app.folder, "src/lib/order.ts"));
        assert.deepEqual([lineno, inApp, frame["function"]], [8, true, functionName]);
        assert.ok([9, 3].includes(Number(colno)), String(colno));
        assert.equal(frame["context_line"], "  throw new Error(`failed ${total}`);");
        assert.deepEqual(frame["pre_context"], [
          "  readonly id: number;",
          "}",
          "",
          "export function place(order: Order): never {",
          "  const total: number = order.id * 2;",
        ]);
        assert.deepEqual(frame["post_context"], ["}", ""]);
        assert.match(String(module), /^(?:src\.)?lib:order$/);
        const caller = framesOf(event).at(-2);
        assert.deepEqual(
          [basename(String(caller?.["filename"])), caller?.["lineno"]],
          ["main.ts", 16],
        );
      });
    }
  }

  it("shows no source of a package in a bundle, and the source that calls it", async () => {
    await addPackage(app);
    const event = await eventOf(await bundle(app, { format: "esm", minify: true }), [], []);
    const [order, till] = framesOf(event).slice(-2);
    assert.equal(till?.["filename"], join(app.folder, "node_modules/till/index.js"));
    assert.deepEqual([till["in_app"], till["context_line"]], [false, undefined]);
    assert.deepEqual([order?.["in_app"], order?.["context_line"]], [true, "  open();"]);
  });

  for (const [ending, args] of modes) {
    it(`is in an event ${ending} with the modules and contexts of the process`, async () => {
      await addPackage(app);
      const file = await bundle(app, { format: "esm" });
      const event = await eventOf(file, [], args, {
        OTEL_RESOURCE_ATTRIBUTES: "cloud.region=eu-1,container.id=c1,k8s.pod.name=shop-1",
      });
      assert.deepEqual(event["modules"], { till: "2.1.0" });
      const { contexts = {} } = event;
      assert.deepEqual(contexts["runtime"], { name: "node", version: process.version });
      assert.deepEqual(contexts["cloud_resource"], { "cloud.region": "eu-1" });
      assert.deepEqual(contexts["container"], { id: "c1" });
      assert.deepEqual(contexts["kubernetes"], { "pod.name": "shop-1" });
      for (const [name, field, type] of contextFields) {
        assert.equal(typeof contexts[name]?.[field], type, `${name}.${field}`);
      }
    });
  }

  const unusable: readonly (readonly [title: string, text: string])[] = [
    ["no JSON", "<html>"],
    ["no mappings", '{"version":3,"sources":["../src/main.ts"],"mappings":"!!"}'],
  ];
  for (const [title, text] of unusable) {
    it(`stays as it is, with a map that has ${title}`, async () => {
      const file = await bundle(app, {});
      await writeFile(`${file}.map`, text);
      const frame = topFrame(await eventOf(file, [], []));
      assert.equal(frame["filename"], file);
      assert.match(String(frame["context_line"]), /throw new Error/);
    });
  }

  describe("of a bundle whose map was uploaded to Sentry", () => {
    const debugId = "85314830-023f-4cf1-a267-535f4e37bb17";
    const snippet =
      "!function(){try{var e=globalThis,n=(new e.Error).stack;n&&(e._sentryDebugIds=e._sentryDebugIds||{}," +
      `e._sentryDebugIds[n]="${debugId}")}catch(e){}}();`;

    for (const format of ["esm", "cjs"] as const) {
      it(`has the id that Sentry's tools add, ${format}`, async () => {
        const file = await bundle(app, { format, sourcemap: false, banner: { js: snippet } });
        assertImage(await eventOf(file, [], []), file);
      });

      it(`has the id in the comment of the file, ${format}`, async () => {
        const file = await bundle(app, { format, sourcemap: false });
        const text = await readFile(file, "utf8");
        await writeFile(
          file,
          `${text}//# sourceMappingURL=removed.js.map\n//# debugId=${debugId}\n`,
        );
        assertImage(await eventOf(file, [], ["survives"]), file);
      });
    }

    function assertImage(event: ReceivedEvent, file: string): void {
      assert.deepEqual((event["debug_meta"] as { images: unknown }).images, [
        { type: "sourcemap", code_file: file, debug_id: debugId },
      ]);
      assert.equal(topFrame(event)["filename"], file);
    }
  });

  async function buildApp({ build, withoutSources }: BuildCase): Promise<string> {
    const file = await build(app);
    if (withoutSources === true) await removeSources(app);
    return file;
  }

  async function eventOf(
    file: string,
    flags: readonly string[],
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<ReceivedEvent> {
    const env = {
      ...telemetryEnv(receiver),
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      ...variables,
    };
    const program = new Program({ file, flags: [...flags, ...preload.import], args, env });
    try {
      if (args.length === 0) await program.ended;
      else await receiver.waitFor(({ events }) => events.length > 0, "an event");
      program.kill("SIGKILL");
      const { stderr } = await program.ended;
      await receiver.settled();
      const [event] = receiver.events;
      assert.ok(event, stderr);
      return event;
    } finally {
      program.kill("SIGKILL");
      await program.ended;
    }
  }
});

type Frame = Readonly<Record<string, unknown>>;

function framesOf({ exception }: ReceivedEvent): readonly Frame[] {
  return exception?.values?.at(-1)?.stacktrace?.frames ?? [];
}

function topFrame(event: ReceivedEvent): Frame {
  const frame = framesOf(event).at(-1);
  assert.ok(frame);
  return frame;
}
