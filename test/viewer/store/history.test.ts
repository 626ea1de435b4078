import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnitSummary } from "../../../src/viewer/model.ts";
import {
  openStore,
  type StoreOptions,
  type TelemetryStore,
} from "../../../src/viewer/store/telemetry-store.ts";
import { logsOf, type TestSpan, tracesOf } from "./otlp-builder.ts";

describe("The history of the viewer", () => {
  let folder: string;
  let messages: string[];
  const stores: TelemetryStore[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-history-"));
    messages = [];
  });

  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  function open(options: Partial<StoreOptions> = {}): TelemetryStore {
    const onMessage = (message: string): void => void messages.push(message);
    const store = openStore({ projectFolder: folder, onMessage, ...options });
    stores.push(store);
    return store;
  }

  function unitsOf(store: TelemetryStore): readonly UnitSummary[] {
    return store.units({ limit: 1000, noise: true }).items;
  }

  it("survives a restart: units of work, log records, runs, pins and baselines", () => {
    const store = open();
    store.add(
      "traces",
      tracesOf(requestSpan(1, { run: "first" }), requestSpan(2, { run: "second" })),
    );
    store.add("logs", logsOf({ body: "in a request", trace: traceId(1), span: "r1" }));
    store.add("logs", logsOf({ body: "in no request" }));
    store.pin(traceId(1), true);
    store.setBaseline("first", "main");
    const before = { units: unitsOf(store), runs: store.runs(), detail: store.unit(traceId(1)) };
    store.close();

    const later = open();
    assert.deepEqual(unitsOf(later), before.units);
    assert.deepEqual(later.runs(), before.runs);
    assert.deepEqual(later.unit(traceId(1)), before.detail);
    assert.deepEqual(
      later
        .logs({ limit: 10 })
        .items.map(({ message }) => message)
        .toSorted(),
      ["in a request", "in no request"],
    );
    assert.equal(later.runs().find(({ id }) => id === "first")?.baseline, "main");
    assert.deepEqual(messages, []);
  });

  it("is a folder for the user alone, which git ignores", () => {
    const store = open();
    store.add("traces", tracesOf(requestSpan(1)));
    store.flush();
    const viewer = join(folder, ".telltale");
    assert.equal(statSync(viewer).mode & 0o777, 0o700);
    assert.equal(readFileSync(join(viewer, ".gitignore"), "utf8"), "*\n");
    for (const file of readdirSync(viewer)) {
      assert.equal(statSync(join(viewer, file)).mode & 0o077, 0, file);
    }
  });

  it("adds a late span to a request of an earlier process", () => {
    const store = open();
    store.add("traces", tracesOf(requestSpan(1)));
    store.close();
    const later = open();
    later.add(
      "traces",
      tracesOf({ span: "late", trace: traceId(1), parent: "r1", kind: "client" }),
    );
    assert.equal(unitsOf(later).length, 1);
    assert.equal(unitsOf(later)[0]?.counts.spans, 2);
    assert.deepEqual(
      later.unit(traceId(1))?.spans.map(({ name }) => name),
      ["GET /1", "late"],
    );
  });

  it("sets a damaged file aside with one line", () => {
    mkdirSync(join(folder, ".telltale"));
    const path = join(folder, ".telltale", "history.db");
    writeFileSync(path, "this is no database, and never was one".repeat(200));
    const store = open();
    store.add("traces", tracesOf(requestSpan(1)));
    store.flush();
    assert.equal(store.status().history.path, path);
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /damaged/);
    assert.match(readFileSync(`${path}.damaged`, "utf8"), /never was one/);
    store.close();
    assert.equal(unitsOf(open()).length, 1);
  });

  it("sets a file aside that is damaged while it is used, and goes on with a new one", () => {
    const store = open();
    // More than SQLite keeps in memory.
    for (let number = 0; number < 400; number++) {
      const noise = randomBytes(12_000).toString("base64");
      store.add("traces", tracesOf(requestSpan(number, { attributes: { noise } })));
    }
    store.flush();
    const viewer = join(folder, ".telltale");
    for (const file of ["history.db", "history.db-wal"]) {
      const path = join(viewer, file);
      writeFileSync(path, Buffer.alloc(statSync(path).size, "damage"), { flag: "r+" });
    }
    store.add("traces", tracesOf(requestSpan(2000)));
    for (let number = 0; number < 400; number += 40) store.unit(traceId(number));
    store.flush();
    assert.equal(messages.length, 1, messages.join());
    assert.match(messages[0] ?? "", /is damaged/);
    assert.ok(readdirSync(viewer).includes("history.db.damaged"));
    store.add("traces", tracesOf(requestSpan(2001)));
    store.close();
    const names = unitsOf(open()).map(({ name }) => name);
    assert.ok(names.includes("GET /2001"), names.join());
    assert.equal(messages.length, 1, messages.join());
  });

  it("is in memory, with one line, where the folder can't be created", () => {
    const store = open({
      projectFolder: join(folder, "package.json", "x"),
      history: "/proc/none/history.db",
    });
    store.add("traces", tracesOf(requestSpan(1)));
    store.flush();
    assert.equal(store.status().history.path, undefined);
    assert.equal(unitsOf(store).length, 1);
    assert.equal(messages.length, 1);
  });

  it("is shared by two processes: each has the units of both", () => {
    const [one, two] = [open(), open()];
    one.add("traces", tracesOf(requestSpan(1)));
    one.flush();
    two.add("traces", tracesOf(requestSpan(2)));
    two.flush();
    one.flush();
    const names = (store: TelemetryStore): string[] =>
      unitsOf(store)
        .map(({ name }) => name)
        .toSorted();
    assert.deepEqual(names(one), ["GET /1", "GET /2"]);
    assert.deepEqual(names(two), ["GET /1", "GET /2"]);
    one.clear();
    two.flush();
    assert.deepEqual(names(two), []);
  });

  it("drops whole requests, oldest first; failed, baseline and pinned ones last", () => {
    const store = open({ maxUnits: 100 });
    store.add(
      "traces",
      tracesOf(requestSpan(0), requestSpan(1, { failed: "no" }), requestSpan(2, { run: "kept" })),
    );
    store.pin(traceId(0), true);
    store.setBaseline("kept", "main");
    for (let number = 3; number < 400; number++) {
      store.add("traces", tracesOf(requestSpan(number)));
      store.flush();
    }
    const names = unitsOf(store).map(({ name }) => name);
    assert.ok(names.length <= 100 && names.length >= 85, String(names.length));
    for (const name of ["GET /0", "GET /1", "GET /2", "GET /399"])
      assert.ok(names.includes(name), name);
    assert.ok(!names.includes("GET /3"));
  });

  it("keeps an old trace that has just got another request, with both", () => {
    const store = open({ maxUnits: 100 });
    store.add("traces", tracesOf(requestSpan(0)));
    store.flush();
    for (let number = 1; number < 700; number++) {
      store.add("traces", tracesOf(requestSpan(number)));
    }
    // It is written last, after others have exceeded the limit.
    store.add("traces", tracesOf({ ...requestSpan(700), trace: traceId(0) }));
    store.flush();
    const names = unitsOf(store).map(({ name }) => name);
    assert.ok(names.length <= 100, String(names.length));
    for (const name of ["GET /0", "GET /699", "GET /700"]) assert.ok(names.includes(name), name);
    store.close();
    const later = unitsOf(open()).map(({ name }) => name);
    assert.deepEqual(later, names);
  });

  it("stays within its limit of bytes on disk", () => {
    const maxBytes = 2 * 1024 * 1024;
    const store = open({ maxBytes });
    for (let number = 0; number < 3000; number++) {
      store.add("traces", tracesOf(requestSpan(number, { attributes: { noise: noise() } })));
      if (number % 50 === 49) store.flush();
    }
    const viewer = join(folder, ".telltale");
    const bytes = readdirSync(viewer).reduce(
      (sum, file) => sum + statSync(join(viewer, file)).size,
      0,
    );
    assert.ok(bytes <= maxBytes + 5 * 1024 * 1024, String(bytes));
    assert.ok(statSync(join(viewer, "history.db")).size <= maxBytes);
    const units = unitsOf(store);
    assert.ok(units.length > 300 && units.length < 3000, String(units.length));
    assert.equal(units[0]?.name, "GET /2999");
    assert.deepEqual(messages, []);
  });

  it("removes all but pinned requests and those of baselines", () => {
    const store = open();
    store.add("traces", tracesOf(requestSpan(1), requestSpan(2, { run: "kept" }), requestSpan(3)));
    store.pin(traceId(1), true);
    store.setBaseline("kept", "main");
    store.clear();
    const names = (): string[] =>
      unitsOf(store)
        .map(({ name }) => name)
        .toSorted();
    assert.deepEqual(names(), ["GET /1", "GET /2"]);
    store.add("traces", tracesOf(requestSpan(4)));
    assert.deepEqual(names(), ["GET /1", "GET /2", "GET /4"]);
  });

  it("can be read beside the process that writes it", () => {
    const store = open();
    store.add("traces", tracesOf(requestSpan(1)));
    store.flush();
    const reader = open({ readOnly: true });
    assert.equal(unitsOf(reader).length, 1);
    assert.equal(reader.unit(traceId(1))?.spans.length, 1);
    assert.deepEqual(messages, []);
  });
});

function traceId(number: number): string {
  return (number + 1).toString(16).padStart(32, "a");
}

function requestSpan(number: number, more: Partial<TestSpan> = {}): TestSpan {
  const start = number * 10;
  return {
    ...{ span: `r${number}`, trace: traceId(number), kind: "server", name: `GET /${number}` },
    ...{ start, end: start + 5 },
    ...more,
  };
}

/** Returns text that compression does not shorten much. */
function noise(): string {
  return Array.from({ length: 40 }, () => Math.random().toString(36)).join("");
}
