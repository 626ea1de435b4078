import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FlameNode } from "../../../src/viewer/model.ts";
import { packageOf } from "../../../src/viewer/profiles/frame-place.ts";
import { profileDetail } from "../../../src/viewer/profiles/profile-detail.ts";
import { recordedProfile } from "../../../src/viewer/profiles/recorded-profile.ts";
import { recordAllocations, recordCpu, recorded } from "./planted.ts";

const PLANTED = join("test", "viewer", "profiles", "planted.ts");
const source = readFileSync(new URL("planted.ts", import.meta.url), "utf8").split("\n");

function lineOf(name: string): number {
  return source.findIndex((line) => line.includes(`function ${name}(`)) + 1;
}

/** Returns a node of a `.cpuprofile`. */
function node(id: number, functionName: string, url: string, children: number[] = []): object {
  return { id, callFrame: { functionName, url, lineNumber: 9, columnNumber: 4 }, children };
}

function cpuProfile(
  nodes: object[],
  samples: number[],
  timeDeltas: number[],
  endTime: number,
): object {
  return { nodes, samples, timeDeltas, startTime: 0, endTime };
}

function depthOf({ children }: FlameNode): number {
  return 1 + Math.max(0, ...children.map(depthOf));
}

describe("The detail of a profile", () => {
  it("has a planted function as the hottest, with its file and line", () => {
    const detail = profileDetail(recordCpu());
    // V8's own work has no place, and may take longer on a busy machine.
    const hottest = detail?.hot.find(({ place }) => place !== undefined);
    assert.equal(hottest?.name, "plantedHot");
    assert.equal(hottest.place?.shown, PLANTED);
    assert.equal(hottest.place.line, lineOf("plantedHot"));
    assert.equal(hottest.package, undefined);
    assert.ok(hottest.self > 100, `${hottest.self} of ${detail!.root.value}`);
    const caller = detail!.hot.find(({ name }) => name === "callsHot");
    assert.ok(caller === undefined || caller.total >= hottest.total);
    assert.ok(detail!.byFile.some(({ name, self }) => name === PLANTED && self >= hottest.self));
    assert.ok(detail!.byPackage.some(({ name, self }) => name === "app" && self >= hottest.self));
  });

  it("has the bytes of a planted allocation, though it is collected before the end", () => {
    const detail = profileDetail(recordAllocations());
    const most = detail?.hot.find(({ place }) => place !== undefined);
    assert.equal(most?.name, "plantedAllocation");
    assert.equal(most.place?.line, lineOf("plantedAllocation"));
    // 50,000 objects with a list of three elements.
    assert.ok(most.self > 2_000_000, String(most.self));
    assert.equal(detail?.idleMs, undefined);
  });

  it("counts each sample until the next one, and leaves out the time of waiting", () => {
    const nodes = [
      node(1, "(root)", "", [2, 4]),
      node(2, "handler", "file:///app/a.js", [3]),
      node(3, "parse", ""),
      node(4, "(idle)", ""),
    ];
    const detail = profileDetail(
      recorded("cpu", cpuProfile(nodes, [2, 3, 4, 3], [1000, 2000, 3000, 4000], 15_000)),
    );
    assert.equal(detail?.root.value, 2 + 3 + 5);
    assert.equal(detail.idleMs, 4);
    assert.deepEqual(
      detail.hot.map(({ name, self, total }) => ({ name, self, total })),
      [
        { name: "parse", self: 8, total: 8 },
        { name: "handler", self: 2, total: 10 },
      ],
    );
    assert.deepEqual(detail.byPackage, [
      { name: "node", self: 8 },
      { name: "app", self: 2 },
    ]);
  });

  it("merges the calls of one function, and counts a recursion once", () => {
    const nodes = [
      node(1, "(root)", "", [2, 3]),
      node(2, "walk", "file:///app/a.js", [4]),
      node(3, "walk", "file:///app/a.js"),
      node(4, "walk", "file:///app/a.js"),
    ];
    const detail = profileDetail(
      recorded("cpu", cpuProfile(nodes, [2, 3, 4], [0, 1000, 1000], 3000)),
    );
    assert.equal(detail?.root.children.length, 1);
    assert.equal(detail.root.children[0]?.value, 3);
    assert.deepEqual(
      detail.hot.map(({ self, total }) => ({ self, total })),
      [{ self: 3, total: 3 }],
    );
  });

  it("has the original places of mapped functions", () => {
    const url = "file:///app/dist/main.js";
    const nodes = [node(1, "(root)", "", [2]), node(2, "price", url)];
    const mapped = [
      { url, line: 10, column: 5, file: "/app/src/main.ts", originalLine: 42, originalColumn: 3 },
    ];
    const detail = profileDetail({
      ...recorded("cpu", cpuProfile(nodes, [2], [0], 1000)),
      projectFolder: "/app",
      mapped,
    });
    assert.deepEqual(detail?.hot[0]?.place, {
      file: "/app/src/main.ts",
      line: 42,
      column: 3,
      function: "price",
      shown: join("src", "main.ts"),
    });
  });

  it("stays below 500 kB with twenty thousand functions and a deep recursion", () => {
    const count = 20_000;
    const names = Array.from({ length: count }, (_, at) =>
      node(at + 2, `function ${at} ${"x".repeat(300)}`, `file:///app/${"y".repeat(300)}/${at}.js`),
    );
    const wide = [
      node(
        1,
        "(root)",
        "",
        Array.from({ length: count }, (_, at) => at + 2),
      ),
      ...names,
    ];
    const deep = Array.from({ length: 5_000 }, (_, at) =>
      node(at + 1, `f${at}`, `file:///app/${"z".repeat(900)}.js`, [at + 2]),
    );
    for (const nodes of [wide, deep]) {
      const ids = nodes.map((_, at) => at + 1);
      const deltas = ids.map(() => 100);
      const detail = profileDetail(
        recorded("cpu", cpuProfile(nodes, ids, deltas, ids.length * 100)),
      );
      assert.ok(JSON.stringify(detail).length < 600_000);
      assert.ok(JSON.stringify(detail?.root).length < 500_000);
      assert.ok(depthOf(detail!.root) <= 402);
    }
  });

  const MALFORMED: readonly unknown[] = [
    undefined,
    null,
    17,
    "text",
    [],
    {},
    { nodes: [] },
    { nodes: "none" },
    { head: 3 },
  ];
  for (const profile of MALFORMED) {
    it(`is none for ${JSON.stringify(profile)}`, () => {
      assert.equal(profileDetail(recorded("cpu", profile)), undefined);
      assert.equal(profileDetail(recorded("allocation", profile)), undefined);
    });
  }

  it("reads a profile with cycles, unknown ids and values of wrong types", () => {
    const nodes = [
      node(1, "(root)", "", [1, 2, 99]),
      node(2, "a", "file:///app/a.js", [1, 2]),
      null,
      { id: 3, callFrame: 7, children: "no" },
      node(2, "b", "file:///app/a.js"),
    ];
    const profile = { nodes, samples: [2, "x", 99, null], timeDeltas: [0, "y", -5], endTime: NaN };
    const detail = profileDetail(recorded("cpu", profile));
    assert.equal(detail?.root.children.length ?? 0, 0);
    const head = { callFrame: {}, selfSize: "much", children: [null, { selfSize: 5 }, 3] };
    assert.equal(profileDetail(recorded("allocation", { head }))?.root.value, 5);
  });
});

describe("The original places of a stored profile", () => {
  it("are those that are complete", () => {
    const whole = {
      url: "file:///app/a.js",
      line: 1,
      column: 2,
      file: "/app/a.ts",
      originalLine: 3,
      originalColumn: 4,
    };
    const { summary } = recorded("cpu", {});
    const mapped = [whole, null, { ...whole, line: "1" }, { ...whole, file: 3 }, 7];
    assert.deepEqual(recordedProfile(summary, { mapped }, "/app").mapped, [whole]);
    assert.deepEqual(recordedProfile(summary, {}, "/app").mapped, []);
  });
});

describe("The package of a file", () => {
  const ROWS: readonly (readonly [file: string, name: string | undefined])[] = [
    ["/app/src/main.ts", undefined],
    ["/app/node_modules/express/lib/router.js", "express"],
    ["/app/node_modules/@scope/pkg/dist/index.js", "@scope/pkg"],
    ["/app/node_modules/a/node_modules/b/index.js", "b"],
    ["/app/node_modules/.pnpm/pg@8.1.0/node_modules/pg/lib/client.js", "pg"],
    ["/app/node_modules/.pnpm/@scope+pkg@1.0.0/node_modules/@scope/pkg/index.js", "@scope/pkg"],
    ["/app/.yarn/cache/pg-npm-8.1.0-1.zip/node_modules/pg/lib/client.js", "pg"],
    [String.raw`C:\app\node_modules\express\lib\router.js`, "express"],
    ["/app/my_node_modules/x.js", undefined],
  ];
  for (const [file, name] of ROWS) {
    it(`is ${name} for ${file}`, () => assert.equal(packageOf(file), name));
  }
});
