import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SignalCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { currentOwner, type OwnerRecord, stateOfOwner } from "../../../src/errors/spool/owner.ts";
import { Owners } from "../../../src/errors/spool/owners.ts";
import { createSpool, type Spool, type StoredEntry } from "../../../src/errors/spool/spool.ts";
import { SpoolFolder } from "../../../src/errors/spool/spool-folder.ts";
import {
  describeFile,
  isIntact,
  parseFileName,
  type StoredEnvelope,
} from "../../../src/errors/spool/stored-file.ts";
import { pollUntilTrue } from "../../until.ts";
import { createTemporaryFolder, type TemporaryFolder } from "./folder.ts";

const MAX_BYTES = 1024 * 1024;
const url = "https://sentry.example/api/1/envelope/?sentry_key=key";

interface SpoolFixture {
  readonly spool: Spool;
  readonly counters: SignalCounters;
  readonly lines: string[];
  readonly losses: string[];
  /** Counts an event as created, and stores it. */
  store(envelope: StoredEnvelope): Promise<boolean>;
}

describe("The spool of Sentry events", () => {
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = createTemporaryFolder();
  });
  afterEach(() => folder.remove());

  const createFixture = (changes: { url?: string; maxBytes?: number } = {}): SpoolFixture => {
    const counters = new SignalCounters();
    const lines: string[] = [];
    const losses: string[] = [];
    const spool = createSpool({
      directory: folder.path,
      maxBytes: changes.maxBytes ?? MAX_BYTES,
      url: changes.url ?? url,
      counters,
      diagnostics: new Diagnostics("info", (line) => lines.push(line)),
      recordLoss: (reason, category, quantity) => losses.push(`${reason} ${category} ${quantity}`),
    });
    const store = (envelope: StoredEnvelope): Promise<boolean> => {
      counters.created++;
      return spool.store(envelope);
    };
    return { spool, counters, lines, losses, store };
  };

  /** Leaves the files of `count` events of a process that has ended. */
  const leaveEvents = async (count: number): Promise<void> => {
    const { spool, store } = createFixture();
    for (let index = 0; index < count; index++) await store(envelopeOf(index));
    spool.abandonSync();
  };

  it("stores an event, returns it, and deletes it", async () => {
    const { spool, counters, store } = createFixture();
    const envelope = envelopeOf(1);
    assert.equal(await store(envelope), true);
    assert.deepEqual([counters.queued, counters.stored], [1, 1]);
    const entry = await nextOf(spool);
    assert.deepEqual(Buffer.from(entry.body), envelope.body);
    assert.equal(spool.hasWaiting, false);
    spool.remove(entry.file);
    counters.sent++;
    await pollUntilTrue(() => folder.files().length === 0, "the deletion");
    assert.deepEqual([counters.queued, counters.stored], [0, 0]);
  });

  it("does not drop an event that is sent at process exit in favour of the next one", async () => {
    const { spool, counters, store } = createFixture({ maxBytes: 250 });
    await store(envelopeOf(1));
    const [second, third] = [2, 3].map((index) => spool.storeSync(envelopeOf(index)));
    assert.ok(second && third, "both fit, without the first one");
    counters.created += 2;
    assert.equal(spool.storeSync(envelopeOf(4)), undefined);
    spool.putBack(second);
    assert.ok(spool.storeSync(envelopeOf(5)), "the second one is not sent any more");
    counters.created++;
    assert.deepEqual([counters.dropped.queue_full, counters.stored, counters.queued], [2, 2, 2]);
  });

  it("creates files and folders that only their user can read", async () => {
    const { store } = createFixture();
    await store(envelopeOf(1));
    const [file] = folder.files();
    const path = file?.path ?? assert.fail("no file");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    for (const name of folder.others()) {
      assert.equal(statSync(join(dirname(path), name)).mode & 0o777, 0o600, name);
    }
  });

  it("stores the same event once, also at process exit", async () => {
    const { spool, counters, store } = createFixture();
    await store(envelopeOf(1));
    await spool.store(envelopeOf(1));
    assert.ok(spool.storeSync(envelopeOf(1)));
    assert.equal(folder.files().length, 1);
    assert.equal(counters.stored, 1);
  });

  it("returns the oldest event first, and one that could not be sent last", async () => {
    const { spool, store } = createFixture();
    for (const index of [1, 2, 3]) await store(envelopeOf(index));
    const first = await nextOf(spool);
    assert.equal(first.file.id, envelopeOf(1).id);
    spool.putBack(first.file);
    const ids = [await nextOf(spool), await nextOf(spool), await nextOf(spool)];
    assert.deepEqual(
      ids.map(({ file }) => file.id),
      [2, 3, 1].map((index) => envelopeOf(index).id),
    );
    assert.equal(await spool.next(() => true), undefined);
  });

  it("returns no event of a category that is paused", async () => {
    const { spool, store } = createFixture();
    await store(envelopeOf(1));
    await store({ ...envelopeOf(2), category: "feedback" });
    const entry = await spool.next((category) => category === "feedback");
    assert.equal(entry?.file.category, "feedback");
    assert.equal(await spool.next((category) => category === "feedback"), undefined);
  });

  it("drops the oldest events when the folder is full, counts and reports them", async () => {
    const { spool, counters, lines, losses, store } = createFixture();
    for (let index = 0; index < 5; index++) await store(envelopeOf(index, 300_000));
    assert.deepEqual(
      folder.files().map(({ id }) => id),
      [2, 3, 4].map((index) => envelopeOf(index).id),
    );
    assert.deepEqual([counters.dropped.queue_full, counters.queued, counters.stored], [2, 3, 3]);
    assert.deepEqual(losses, Array(2).fill("cache_overflow error 1"));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /have reached their limit \(1048576 bytes, 2000 files\)/);
    spool.storeSync(envelopeOf(5, 300_000));
    assert.equal(folder.files().length, 3);
  });

  it("does not store an event that is larger than the folder may be", async () => {
    const { counters, store, spool } = createFixture();
    await store(envelopeOf(1));
    assert.equal(await store(envelopeOf(2, MAX_BYTES + 1)), false);
    assert.equal(spool.storeSync(envelopeOf(2, MAX_BYTES + 1)), undefined);
    assert.deepEqual([counters.queued, counters.stored], [2, 1]);
  });

  it("is bounded for all processes that share the folder", async () => {
    const [first, second] = [createFixture(), createFixture()];
    for (let index = 0; index < 3; index++) await first.store(envelopeOf(index, 300_000));
    // The files of the first belong to a process that is alive.
    assert.equal(await second.store(envelopeOf(3, 300_000)), false);
    assert.equal(folder.files().length, 3);
    assert.deepEqual([first.counters.queued, second.counters.queued], [3, 1]);
  });

  it("takes over the events of a process that has ended, and counts them as created", async () => {
    await leaveEvents(3);
    const { spool, counters, lines } = createFixture();
    const isAvailable = new Promise<void>((resolve) => spool.start(resolve));
    await isAvailable;
    assert.deepEqual(
      [counters.created, counters.recovered, counters.queued, counters.stored],
      [3, 3, 3, 3],
    );
    assert.match(lines.join(""), /3 events of earlier processes are in .*; Sentry gets them now/);
    const { body } = await nextOf(spool);
    assert.deepEqual(Buffer.from(body), envelopeOf(0).body);
  });

  it("leaves the events of a process that is alive", async () => {
    const { store } = createFixture();
    await store(envelopeOf(1));
    const before = folder.files();
    const { spool, counters } = createFixture();
    spool.start(() => assert.fail("nothing is available"));
    // Its operations run one after the other.
    await spool.store(envelopeOf(2));
    assert.equal(counters.recovered, 0);
    assert.deepEqual(
      folder.files().filter(({ name }) => name === before[0]?.name),
      before,
    );
  });

  it("is shared by processes that start at the same time: each event has one owner", async () => {
    await leaveEvents(50);
    const fixtures = Array.from({ length: 5 }, () => createFixture());
    for (const { spool } of fixtures) spool.start(() => {});
    await Promise.all(fixtures.map(({ spool }, index) => spool.store(envelopeOf(100 + index))));
    const ids = [];
    for (const { spool } of fixtures) {
      for (let entry; (entry = await spool.next(() => true)) !== undefined;)
        ids.push(entry.file.id);
    }
    assert.equal(ids.length, 55);
    assert.equal(new Set(ids).size, 55);
    const recovered = fixtures.reduce((sum, { counters }) => sum + counters.recovered, 0);
    assert.equal(recovered, 50);
    assert.deepEqual(
      fixtures.map(({ lines }) => lines.filter((line) => line.includes("can't"))),
      [[], [], [], [], []],
    );
  });

  it("leaves the events of another project", async () => {
    await leaveEvents(2);
    const { spool, counters, store } = createFixture({ url: url.replace("/1/", "/2/") });
    spool.start(() => {});
    await store(envelopeOf(9));
    assert.equal(counters.recovered, 0);
    assert.equal(folder.files().length, 3);
  });

  it("takes over the events of the same project with another key", async () => {
    await leaveEvents(2);
    const { spool, counters, store } = createFixture({ url: url.replace("=key", "=new") });
    spool.start(() => {});
    await store(envelopeOf(9));
    assert.equal(counters.recovered, 2);
  });

  const damages: readonly (readonly [title: string, damage: (path: string) => void])[] = [
    ["cut off", (path) => truncateSync(path, 10)],
    ["empty", (path) => truncateSync(path, 0)],
    ["overwritten with zeros", (path) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ["too long", (path) => writeFileSync(path, "more", { flag: "a" })],
  ];
  for (const [title, damage] of damages) {
    it(`drops, counts and reports a file that is ${title}`, async () => {
      await leaveEvents(2);
      damage(folder.files()[0]?.path ?? "");
      const { spool, counters, lines, losses } = createFixture();
      await new Promise<void>((resolve) => spool.start(resolve));
      const { file } = await nextOf(spool);
      assert.equal(file.id, envelopeOf(1).id);
      assert.deepEqual(
        [counters.created, counters.dropped.failed, counters.queued, counters.stored],
        [2, 1, 1, 1],
      );
      assert.deepEqual(losses, ["internal_sdk_error error 1"]);
      assert.match(lines.join(""), /are incomplete, as after a power failure/);
      assert.equal(folder.files().length, 1);
    });
  }

  it("counts a file that another program has deleted", async () => {
    const { spool, counters, lines, store } = createFixture();
    await store(envelopeOf(1));
    rmSync(folder.files()[0]?.path ?? "");
    assert.equal(await spool.next(() => true), undefined);
    assert.deepEqual([counters.dropped.failed, counters.queued, counters.stored], [1, 0, 0]);
    assert.match(lines.join(""), /stored events are missing in/);
  });

  it("creates a folder again that another program has deleted", async () => {
    const { store, lines } = createFixture();
    await store(envelopeOf(1));
    rmSync(folder.path, { recursive: true });
    assert.equal(await store(envelopeOf(2)), false);
    assert.match(lines.join(""), /ENOENT: no such file or directory/);
    assert.equal(await store(envelopeOf(3)), true);
  });

  describe("with a temporary file of a process that was killed", () => {
    const rename = (path: string, content: (all: Buffer) => Buffer): void => {
      writeFileSync(`${path}.tmp`, content(readFileSync(path)));
      rmSync(path);
    };

    it("drops and counts an incomplete one", async () => {
      await leaveEvents(1);
      rename(folder.files()[0]?.path ?? "", (all) => all.subarray(0, 5));
      const { spool, counters, store } = createFixture();
      spool.start(() => {});
      await store(envelopeOf(9));
      assert.deepEqual([counters.created, counters.dropped.failed, counters.queued], [2, 1, 1]);
      assert.equal(folder.files().length, 1);
    });

    it("takes over a complete one", async () => {
      await leaveEvents(1);
      rename(folder.files()[0]?.path ?? "", (all) => all);
      const { spool, counters } = createFixture();
      await new Promise<void>((resolve) => spool.start(resolve));
      const { body } = await nextOf(spool);
      assert.deepEqual(Buffer.from(body), envelopeOf(0).body);
      assert.deepEqual([counters.created, counters.queued], [1, 1]);
    });

    it("deletes one beside the complete file", async () => {
      await leaveEvents(1);
      const { path } = folder.files()[0] ?? assert.fail("no file");
      writeFileSync(`${path}.tmp2`, "half");
      const { spool, counters, store } = createFixture();
      spool.start(() => {});
      await store(envelopeOf(9));
      assert.deepEqual([counters.created, counters.dropped.failed, counters.queued], [2, 0, 2]);
      assert.equal(folder.files().length, 2);
    });
  });

  it("ignores files of others", async () => {
    await leaveEvents(1);
    const inside = dirname(folder.files()[0]?.path ?? "");
    for (const name of ["notes.txt", "x.owner", ".envelope"]) writeFileSync(join(inside, name), "");
    const { spool, counters } = createFixture();
    await new Promise<void>((resolve) => spool.start(resolve));
    assert.equal(counters.recovered, 1);
    assert.equal(readdirSync(inside).filter((name) => !name.includes("error")).length, 4);
  });
});

describe("The owner of stored events", () => {
  const self = currentOwner();
  const ended = spawnSync(process.execPath, ["-e", ""]).pid;
  const rows: readonly (readonly [
    string,
    Partial<OwnerRecord>,
    ReturnType<typeof stateOfOwner>,
  ])[] = [
    ["this thread", {}, "alive"],
    ["a worker thread of this process, which may have ended", { thread: 1 }, "unknown"],
    ["a process that has ended", { pid: ended }, "gone"],
    ["a process whose pid belongs to another one now", { start: "1" }, "gone"],
    ["a process of another container with the same pid", { namespace: "other" }, "unknown"],
    ["a process on a system without /proc", { start: undefined }, "unknown"],
  ];
  for (const [title, changes, expected] of rows) {
    it(`is ${expected} for ${title}`, function () {
      if (self.start === undefined) this.skip();
      assert.equal(stateOfOwner({ ...self, ...changes }, self), expected);
    });
  }

  it("in another container is gone when its heartbeats end", async () => {
    const folder = createTemporaryFolder();
    try {
      const spoolFolder = new SpoolFolder(join(folder.path, "project"));
      await spoolFolder.prepare();
      const owner = "0123456789abcdef";
      const file = join(spoolFolder.path, `${owner}.owner`);
      const beat = (text: string): void => writeFileSync(file, text);
      beat(JSON.stringify({ ...self, namespace: "other" }));
      const staleMs = 30;
      const owners = new Owners(spoolFolder, staleMs);
      assert.equal(await owners.isGone(owner), false);
      const isGoneLater = (): Promise<boolean> => owners.isGone(owner);
      await pollUntilTrue(isGoneLater, "the end of the heartbeats");
      beat("{");
      assert.equal(await owners.isGone(owner), false);
      await pollUntilTrue(isGoneLater, "the end of the heartbeats");
      rmSync(file);
      assert.equal(await new Owners(spoolFolder, 60_000).isGone(owner), true);
    } finally {
      folder.remove();
    }
  });
});

describe("The name of a stored event", () => {
  it("has its properties", () => {
    const envelope = envelopeOf(7);
    const file = describeFile(envelope, "0123456789abcdef");
    assert.deepEqual(parseFileName(file.name), file);
    assert.equal(isIntact(file, envelope.body), true);
    assert.equal(parseFileName(`${file.name}.tmp`)?.isTemporary, true);
  });

  it("has the number of attachments, if there are any", () => {
    const file = describeFile({ ...envelopeOf(1), attachments: 12 }, "0123456789abcdef");
    assert.deepEqual(parseFileName(file.name), file);
    assert.equal(parseFileName(describeFile(envelopeOf(1), file.owner).name)?.attachments, 0);
  });

  for (const time of [-5, 0, 8_640_000_000_000_000]) {
    it(`is valid if the system clock is ${time}`, () => {
      const file = describeFile({ ...envelopeOf(1), time }, "0123456789abcdef");
      assert.notEqual(parseFileName(file.name), undefined);
    });
  }
});

function envelopeOf(index: number, bytes = 100): StoredEnvelope & { readonly body: Buffer } {
  const id = createHash("md5").update(String(index)).digest("hex");
  return {
    time: 1_700_000_000_000 + index,
    id,
    category: "error",
    attachments: 0,
    body: Buffer.alloc(bytes, `${index} `),
  };
}

async function nextOf(spool: Spool): Promise<StoredEntry> {
  return (await spool.next(() => true)) ?? assert.fail("no stored event");
}
