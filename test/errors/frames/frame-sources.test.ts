import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event, StackFrame } from "@sentry/core";
import { FrameSources } from "../../../src/errors/frames/frame-sources.ts";

/** Mappings of lines of one character to the same lines of a source. */
function lineMappings(count: number): string {
  return ["AAAA", ...Array.from({ length: count - 1 }, () => "AACA")].join(";");
}

describe("The sources of frames", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "telltale-frames-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Writes a generated file of some lines, and its map. */
  async function generate(
    name: string,
    map: object,
    comment: string = `${name}.map`,
  ): Promise<string> {
    const file = join(folder, name);
    const code = Array.from({ length: 20 }, (_, at) => `generated ${at + 1}`).join("\n");
    await writeFile(file, `${code}\n//# sourceMappingURL=${comment}\n\n`);
    await writeFile(join(folder, `${name}.map`), JSON.stringify(map));
    return file;
  }

  const contentOf = (name: string): string =>
    Array.from({ length: 20 }, (_, at) => `${name} ${at + 1}`).join("\n");
  const mapOf = (name: string, content?: string): object => ({
    version: 3,
    sources: [name],
    ...(content !== undefined && { sourcesContent: [content] }),
    mappings: lineMappings(20),
  });

  it("are those of the map, and are not read again", async () => {
    const file = await generate("a.js", mapOf("a.ts", contentOf("source")));
    const sources = new FrameSources();
    const event = eventAt(file, 7);
    assert.equal(sources.addCached(event), false);
    await sources.add(event);
    const expected = { filename: join(folder, "a.ts"), lineno: 7, context_line: "source 7" };
    assert.deepEqual(pick(event), expected);
    await rm(file);
    const again = eventAt(file, 7);
    assert.equal(sources.addCached(again), true);
    assert.deepEqual(pick(again), expected);
  });

  it("are complete once they are added, though the file of a frame is another one then", async () => {
    const file = await generate("b.js", mapOf("b.ts", contentOf("source")));
    const sources = new FrameSources();
    const event = eventAt(file, 3);
    await sources.add(event);
    assert.equal(sources.addCached(event), true);
    assert.equal(pick(event).lineno, 3);
  });

  it("are the same for events at the same time", async () => {
    const file = await generate("c.js", mapOf("c.ts", contentOf("source")));
    const sources = new FrameSources();
    const events = [3, 3, 9, 15].map((line) => eventAt(file, line));
    await Promise.all(events.map((event) => sources.add(event)));
    assert.deepEqual(
      events.map((event) => pick(event).context_line),
      ["source 3", "source 3", "source 9", "source 15"],
    );
  });

  it("are read synchronously", async () => {
    const file = await generate("d.js", mapOf("d.ts"));
    await writeFile(join(folder, "d.ts"), contentOf("deployed"));
    const event = eventAt(file, 5);
    new FrameSources().addSync(event, Infinity);
    assert.equal(pick(event).context_line, "deployed 5");
  });

  it("are left out if there is no time", async () => {
    const file = await generate("e.js", mapOf("e.ts", contentOf("source")));
    const event = eventAt(file, 5);
    new FrameSources().addSync(event, 0);
    assert.deepEqual(pick(event), { filename: file, lineno: 5, context_line: undefined });
  });

  const unmapped: readonly (readonly [title: string, map: object, comment?: string])[] = [
    ["a map that is not there", mapOf("f.ts", contentOf("source")), "other.js.map"],
    ["a map on another server", mapOf("f.ts", contentOf("source")), "https://cdn.example/f.js.map"],
    ["an inline map that is none", {}, "data:text/plain;base64,AAAA"],
    ["an inline map that is no JSON", {}, "data:application/json;base64,AAAA"],
    ["a malformed map", { mappings: "!" }],
    ["a malformed name", {}, "%E0%A4%A.map"],
  ];
  for (const [title, map, comment] of unmapped) {
    it(`are the lines of the file, with ${title}`, async () => {
      const file = await generate("f.js", map, comment);
      const event = eventAt(file, 5);
      await new FrameSources().add(event);
      assert.deepEqual(pick(event), { filename: file, lineno: 5, context_line: "generated 5" });
    });
  }

  it("are the lines of the file, if the comment is not at its end", async () => {
    const file = await generate("g.js", mapOf("g.ts", contentOf("source")));
    const code = Array.from({ length: 20 }, (_, at) => `generated ${at + 1}`);
    await writeFile(file, ["//# sourceMappingURL=g.js.map", ...code].join("\n"));
    const event = eventAt(file, 6);
    await new FrameSources().add(event);
    assert.equal(pick(event).context_line, "generated 5");
  });

  it("are found in a large file, whose lines are not read", async () => {
    const file = await generate("h.js", mapOf("h.ts", contentOf("source")));
    const padding = `// ${"x".repeat(100)}\n`.repeat(20_000);
    const comment = "//# sourceMappingURL=h.js.map";
    await writeFile(
      file,
      `${Array.from({ length: 20 }, () => "x").join("\n")}\n${padding}\nx\n${comment}`,
    );
    const [known, unknown] = [eventAt(file, 5), eventAt(file, 5_000)];
    const sources = new FrameSources();
    await Promise.all([sources.add(known), sources.add(unknown)]);
    assert.equal(pick(known).context_line, "source 5");
    assert.deepEqual(pick(unknown), { filename: file, lineno: 5_000, context_line: undefined });
  });

  it("leave other frames as they are", async () => {
    const sources = new FrameSources();
    const frames: StackFrame[] = [
      { filename: "node:internal/timers", lineno: 3, in_app: false },
      { filename: "/app/node_modules/a/index.js", lineno: 3, in_app: false },
      { filename: "<anonymous>", in_app: true },
      { filename: "/no/such/file.js", lineno: 3, in_app: true },
      { function: "x", in_app: true },
    ];
    const event = eventOf(structuredClone(frames));
    await sources.add(event);
    assert.deepEqual(event, eventOf(frames));
    await sources.add({});
  });
});

function eventOf(frames: StackFrame[]): Event {
  return { exception: { values: [{ stacktrace: { frames } }] } };
}

function eventAt(filename: string, lineno: number): Event {
  return eventOf([{ filename, lineno, colno: 1, in_app: true }]);
}

function pick(event: Event): Pick<StackFrame, "filename" | "lineno" | "context_line"> {
  const {
    filename,
    lineno,
    context_line: line,
  } = event.exception?.values?.[0]?.stacktrace?.frames?.[0] ?? {};
  return { filename: filename ?? "", lineno: lineno ?? 0, context_line: line as string };
}
