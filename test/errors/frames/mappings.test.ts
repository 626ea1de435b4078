import assert from "node:assert/strict";
import { SourceMap, type SourceMapPayload } from "node:module";
import { build } from "esbuild";
import { root } from "../../../scripts/build/paths.ts";
import {
  contentOf,
  mapPositions,
  type SourcePosition,
} from "../../../src/errors/frames/source-map.ts";

/** Runs an interruptible task to its end. */
function run<Result>(task: Generator<unknown, Result, unknown>): Result {
  let step = task.next();
  while (step.done !== true) step = task.next();
  return step.value;
}

/** A bundle and its map, as esbuild creates them of code of this repository. */
async function bundle(minify: boolean): Promise<{ code: string; map: SourceMapPayload }> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["src/errors/frames/frame-sources.ts"],
    bundle: true,
    minify,
    platform: "node",
    format: "esm",
    sourcemap: "external",
    outfile: "/out/bundle.js",
    write: false,
    logLevel: "silent",
  });
  const text = (end: string): string =>
    outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: text(".js"), map: JSON.parse(text(".map")) as SourceMapPayload };
}

/** Positions in a text, every some characters. */
function positionsIn(code: string, every: number): { line: number; column: number }[] {
  return code.split("\n").flatMap((text, line) =>
    Array.from({ length: Math.ceil(text.length / every) }, (_, at) => ({
      line,
      column: at * every,
    })),
  );
}

function located(
  map: object,
  positions: readonly { line: number; column: number }[],
): (SourcePosition | undefined)[] {
  return run(mapPositions({ bytes: Buffer.from(JSON.stringify(map)), folder: "/out" }, positions));
}

describe("Positions in the sources of a map", () => {
  for (const minify of [false, true]) {
    it(`are those that Node finds, ${minify ? "minified" : "not minified"}`, async () => {
      const { code, map } = await bundle(minify);
      const reference = new SourceMap(map);
      const positions = positionsIn(code, 7);
      assert.ok(positions.length > 1_000);
      const found = located(map, positions);
      for (const [at, { line, column }] of positions.entries()) {
        const entry = reference.findEntry(line, column);
        const isKnown =
          "originalSource" in entry &&
          entry.generatedLine === line &&
          entry.originalSource !== undefined;
        const own = found[at];
        assert.deepEqual(
          own && [own.line - 1, own.column - 1, own.source, own.content?.length],
          isKnown
            ? [
                entry.originalLine,
                entry.originalColumn,
                resolvedSource(entry.originalSource),
                contentLength(map, entry.originalSource),
              ]
            : undefined,
          `${line}:${column}`,
        );
      }
    });
  }

  it("are found in an indexed map", async () => {
    const { code, map } = await bundle(true);
    const positions = positionsIn(code, 37);
    const plain = located(map, positions);
    const lines = code.split("\n").length;
    const indexed = {
      version: 3,
      sections: [
        { offset: { line: 0, column: 5 }, map },
        { offset: { line: lines + 3, column: 0 }, map },
      ],
    };
    const moved = positions.map(({ line, column }) => ({
      line,
      column: line === 0 ? column + 5 : column,
    }));
    assert.deepEqual(located(indexed, moved), plain);
    const below = positions.map(({ line, column }) => ({ line: line + lines + 3, column }));
    assert.deepEqual(located(indexed, below), plain);
    assert.deepEqual(located(indexed, [{ line: 0, column: 2 }]), [undefined]);
  });

  it("are relative to the map and its root, or URLs of a bundler", () => {
    const sourceOf = (name: string, sourceRoot?: string): string | undefined =>
      located({ version: 3, sourceRoot, sources: [name], mappings: "AAAA" }, [
        { line: 0, column: 0 },
      ])[0]?.source;
    assert.equal(sourceOf("../src/a.ts"), "/src/a.ts");
    assert.equal(sourceOf("a.ts", "../src"), "/src/a.ts");
    assert.equal(sourceOf("a.ts", "/app/src/"), "/app/src/a.ts");
    assert.equal(sourceOf("/app/a.ts"), "/app/a.ts");
    assert.equal(sourceOf("file:///app/a%20b.ts"), "/app/a b.ts");
    assert.equal(sourceOf("webpack://app/./src/a.ts"), "webpack://app/./src/a.ts");
    assert.equal(sourceOf("./src/a.ts", "webpack://app/"), "webpack://app/./src/a.ts");
  });

  const broken: readonly (readonly [title: string, text: string])[] = [
    ["no JSON", "<html>not found</html>"],
    ["nothing", ""],
    ["an incomplete key", '{"version'],
    ["a list", "[1,2]"],
    ["null", "null"],
    ["no mappings", '{"version":3,"sources":["a.ts"]}'],
    ["mappings of another type", '{"version":3,"sources":["a.ts"],"mappings":{"a":1}}'],
    ["no sources", '{"version":3,"mappings":"AAAA"}'],
    ["a source that is null", '{"version":3,"sources":[null],"mappings":"AAAA"}'],
    ["a source that is not there", '{"version":3,"sources":[],"mappings":"AAAA"}'],
    ["other characters", '{"version":3,"sources":["a.ts"],"mappings":"!!!!"}'],
    ["a number without end", `{"version":3,"sources":["a.ts"],"mappings":"${"g".repeat(100)}"}`],
    ["negative positions", '{"version":3,"sources":["a.ts"],"mappings":"AADD"}'],
    ["sections of another type", '{"version":3,"sections":{"a":1}}'],
    ["sections without maps", '{"version":3,"sections":[{},{"offset":1},null,3]}'],
    ["deep nesting", `{"version":3,"x":${"[".repeat(10_000)}`],
  ];
  for (const [title, text] of broken) {
    it(`are unknown with ${title}`, () => {
      const map = { bytes: Buffer.from(text), folder: "/out" };
      assert.deepEqual(run(mapPositions(map, [{ line: 0, column: 3 }])), [undefined]);
      assert.equal(run(contentOf(map, "/out/other.ts")), undefined);
    });
  }

  it("have no text where the map has none", () => {
    const map = {
      version: 3,
      sources: ["a.ts", "b.ts"],
      sourcesContent: [null, 'let a = "\\"";'],
      mappings: "AAAA,CCAA",
    };
    const found = located(map, [
      { line: 0, column: 0 },
      { line: 0, column: 1 },
    ]);
    assert.deepEqual(
      found.map((one) => one?.content),
      [undefined, 'let a = "\\"";'],
    );
  });

  it("are unknown behind a segment without a source", () => {
    const map = { version: 3, sources: ["a.ts"], mappings: "AAAA,G,GAAA" };
    const columns = [0, 2, 3, 5, 6];
    const found = located(
      map,
      columns.map((column) => ({ line: 0, column })),
    );
    assert.deepEqual(
      found.map((one) => one !== undefined),
      [true, true, false, false, true],
    );
  });
});

function resolvedSource(name: string): string {
  return new URL(name, "file:///out/").pathname;
}

function contentLength(
  { sources, sourcesContent }: SourceMapPayload,
  name: string,
): number | undefined {
  return sourcesContent[sources.indexOf(name)]?.length;
}
