import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("data.mjs", import.meta.url));

/** Sentry rejects an event of more than 1 MiB. */
const MAX_EVENT_BYTES = 1024 * 1024;

interface Row {
  /** A form of `data.mjs`. */
  readonly form: string;
  /** Number of events, check-ins and pieces of feedback. Default: one. */
  readonly created?: number;
  /** Reasons of those that are not sent. */
  readonly dropped?: Readonly<Record<string, number>>;
  /** All of stderr, without `telltale: `. */
  readonly lines?: readonly RegExp[];
  /** Checks the first event. */
  readonly check?: (event: ReceivedEvent) => void;
}

const dataLine = /^data of events could not be captured: \w+: .+$/;
const filterLine = /^a Sentry filter of the app threw; its event is dropped$/;

const rows: readonly Row[] = [
  {
    form: "10,000 tags",
    check: ({ tags = {} }) => {
      const own = Object.keys(tags).filter((key) => key.startsWith("tag."));
      assert.equal(own.length, 10_000);
    },
  },
  {
    form: "tags with illegal keys",
    check: ({ tags = {} }) => assert.equal(tags["a-b"], "v"),
  },
  {
    form: "tags with illegal values",
    check: ({ tags = {} }) => {
      assert.equal(tags["odd.7"], '{"a":1}');
      assert.equal(tags["unreadable"], "(what was thrown can't be read)");
    },
  },
  { form: "tags, extras and contexts that are none", lines: [dataLine] },
  { form: "users that are none", created: 20, lines: [dataLine] },
  {
    form: "100,000 breadcrumbs",
    check: ({ breadcrumbs }) => {
      assert.equal(breadcrumbs?.length, 100);
      assert.equal(breadcrumbs.at(-1)?.message, "step 99999");
    },
  },
  { form: "breadcrumbs that are none", lines: [dataLine] },
  {
    form: "a circular extra",
    check: ({ extra }) =>
      assert.deepEqual(extra?.["circular"], {
        text: "round",
        self: "[Circular ~]",
        list: ["[Object]", "[Object]"],
      }),
  },
  { form: "an extra of 100,000 levels" },
  {
    form: "getters that throw",
    check: ({ extra }) => assert.match(String(extra?.["ERROR"]), /non-serializable/),
  },
  { form: "a proxy that throws" },
  { form: "values without JSON" },
  {
    form: "an extra of 20 MB",
    check: ({ extra }) => assert.match(String(extra?.["text"]), /^x{50000}/),
  },
  { form: "a context of 100,000 entries" },
  { form: "a message of 20 MB" },
  { form: "an error with a message of 20 MB" },
  { form: "messages that are none", created: 34 },
  {
    form: "hints that are none",
    created: 121,
    dropped: { failed: 1 },
    lines: [/^an event could not be created: Error: the app's own$/],
  },
  { form: "a scope whose processor throws", dropped: { filtered: 1 }, lines: [filterLine] },
  { form: "a scope whose processor rejects", dropped: { filtered: 1 }, lines: [filterLine] },
  {
    form: "a scope whose processor returns nonsense",
    created: 5,
    dropped: { filtered: 1 },
  },
  {
    form: "an attachment that can't be read",
    lines: [
      /^an attachment can't be read \(the app's own\); its event is sent without attachments$/,
    ],
  },
  {
    form: "feedback that is none",
    created: 46,
    lines: [/^feedback could not be captured: TypeError: .+$/],
  },
  {
    form: "check-ins that are none",
    created: 17,
    dropped: { failed: 1 },
    lines: [
      /^captureCheckIn received no monitorSlug, expected a text; the check-in is not sent$/,
      /^a check-in could not be captured: Error: the app's own$/,
      /^an event could not be created: Error: the app's own$/,
    ],
  },
  { form: "a clock that is set back", created: 3 },
];

describe("Bad data of events", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  for (const { form, created = 1, dropped = {}, lines = [], check } of rows) {
    it(`(${form}) does not affect the app, and each event is sent or counted`, async () => {
      const ended = await runForm(form);
      assert.equal(ended.code, 0, ended.stderr);
      checkLines(ended, lines);
      const { thrown, events } = JSON.parse(ended.stdout) as Report;
      assert.deepEqual(thrown, []);
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      // And the plain one.
      const sent = created + 1 - lost;
      const { traces: _, ...counts } = events;
      const reasons = lost > 0 && { reasons: dropped };
      assert.deepEqual(counts, {
        created: created + 1,
        sent,
        queued: 0,
        dropped: lost,
        ...reasons,
      });
      const items = receiver.items.filter(({ type }) => COUNTED.has(type));
      assert.equal(items.length, sent);
      checkEvents(receiver.events, check);
    });
  }

  async function runForm(form: string): Promise<ProgramResult> {
    const port = String(await freePort());
    const admin = {
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
    };
    const env = { ...telemetryEnv(receiver), ...admin };
    const ended = await new Program({ file, flags: preload.import, args: [form], env }).ended;
    await receiver.settled();
    return ended;
  }
});

/** The types of items that are counted as events. */
const COUNTED: ReadonlySet<string> = new Set(["event", "feedback", "check_in"]);

/** What `data.mjs` prints. */
interface Report {
  /** Errors that have reached the app. */
  readonly thrown: readonly string[];
  readonly events: Readonly<Record<string, unknown>>;
}

function checkLines({ stderr }: ProgramResult, lines: readonly RegExp[]): void {
  const printed = stderr.split("\n").slice(0, -1);
  assert.equal(printed.length, lines.length, stderr);
  for (const [at, line] of lines.entries())
    assert.match(printed[at]?.replace(/^telltale: /, "") ?? "", line);
}

/** Checks that each event has an acceptable size, and that the plain one has no data of the other request. */
function checkEvents(events: readonly ReceivedEvent[], check: Row["check"]): void {
  for (const event of events) assert.ok(JSON.stringify(event).length < MAX_EVENT_BYTES);
  const isPlain = ({ exception }: ReceivedEvent): boolean =>
    exception?.values?.at(-1)?.value === "plain";
  const [plain, ...others] = events.filter(isPlain);
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(plain?.tags ?? {}), ["request_id"]);
  assert.deepEqual(
    [plain?.extra, plain?.user, plain?.breadcrumbs],
    [undefined, undefined, undefined],
  );
  const [first] = events.filter((event) => !isPlain(event));
  if (check !== undefined) check(first ?? assert.fail("no event"));
}
