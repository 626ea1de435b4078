import assert from "node:assert/strict";
import { lazyModules } from "../../scripts/build/lazy-modules.ts";

const refused = [
  {
    title: "whose type and path name different files",
    text: 'const load = lazy<typeof import("./client.ts")>("errors/other.ts");',
    error: /src\/errors\/errors\.ts: .* is src\/errors\/client\.ts, not src\/errors\/other\.ts/,
  },
  {
    title: "whose path is no literal",
    text: 'const load = lazy<typeof import("./client.ts")>(path);',
    error: /src\/errors\/errors\.ts: expected lazy</,
  },
  {
    title: "without a type",
    text: 'const load = lazy("errors/client.ts");',
    error: /src\/errors\/errors\.ts: expected lazy</,
  },
];

describe("A declaration of a lazy module", () => {
  it("returns the name of a file in dist and the path of its source", () => {
    const text = `
      const client = lazy<typeof import("./client.ts")>("errors/client.ts");
      const pg = lazy<typeof import("../instrumentation/databases/pg/adaptor.ts")>(
        "instrumentation/databases/pg/adaptor.ts",
      );`;
    assert.deepEqual(
      [...lazyModules([{ path: "errors/errors.ts", text }])],
      [
        ["errors-client", "errors/client.ts"],
        ["instrumentation-databases-pg-adaptor", "instrumentation/databases/pg/adaptor.ts"],
      ],
    );
  });

  it("counts once if two files contain it", () => {
    const text = 'const load = lazy<typeof import("./b.ts")>("a/b.ts");';
    const sources = ["a/c.ts", "a/d.ts"].map((path) => ({ path, text }));
    assert.deepEqual([...lazyModules(sources)], [["a-b", "a/b.ts"]]);
  });

  for (const { title, text, error } of refused) {
    it(`is rejected ${title}`, () => {
      assert.throws(() => lazyModules([{ path: "errors/errors.ts", text }]), error);
    });
  }
});
