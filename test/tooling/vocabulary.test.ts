import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";
import { trackedFiles } from "./tracked-files.ts";

/*
 * A name is a word of OpenTelemetry, Node, Sentry or the library it belongs to
 * (CONTRIBUTING.md). These words stood for something else here, and have gone;
 * each with the word to use instead.
 */
const retired: Readonly<Record<string, string>> = {
  "holder|holders": "unit of work",
  "entrance|entrances": "tracer, instrumenter",
  "departure|departures": "producer operation",
  "attend|attends|attended|attending|attendance": "run as a unit of work",
  undecided: "tail buffer",
  books: "counters",
  "told|tell|tells|telling": "report, log, record, describe",
  "said|say|says|saying": "report, log, state",
  "whoever|somebody|nobody": "a caller, a user, a reader; none",
  "moment|moments": "timestamp",
  carried: "propagated",
  away: "unavailable",
  quieten: "unref",
  "mend|mends|mended|mending": "fix, correct, wrap",
  outbox: "pending events",
  "wish|wishes|wished": "option",
  keeper: "collecting processor",
  misbehave: "apply a fault",
  deaf: "no response",
  "drip|drips|dripping": "slow body",
  giant: "huge body",
  "house|houses": "project",
  "room|rooms": "layer, folder",
  "door|doors": "public API",
  "assembler|assemblers": "composition root",
  disguise: "copy function properties",
  unasked: "internal command",
  deeds: "cases",
  crowd: "barrier",
  gives: "returns",
  "under way": "in flight",
  "undisturbed|whereupon|therein|thereof": "plain words",
};

/** Names that stood for something else, whole and in any case. */
const retiredNames: readonly string[] = [
  ...["activeHolder", "holderOf", "holdUnconnected", "UNDER_WAY", "emitAttended", "SharedWork"],
  ...["WorkEntrance", "createEntrance", "JobFacts", "callerOf", "emitUnder", "callIn", "runIn"],
  ...["runWhereThrown", "MessageLoop", "keepsLater", "giveUpSoon", "CarrierSpan", "AttributeBag"],
  ...["setSource", "TraceList", "BaggageList", "PropagatorPart", "observeBooks", "silentMeter"],
  ...["createSilence", "observeGarbage", "MeterGround", "createGround", "ExampleOf", "exampleIn"],
  ...["exampleRules", "PendingRequest", "watchHolding", "letGo", "NamesAndValues", "PartedSpan"],
  ...["PartedRecord", "AttributePart", "holdMs", "isOneOfSeveral", "EventClient", "happenedAt"],
  ...["enterLogger", "isInnerLine", "WrittenRecord", "takeWritten", "putIds", "traceOn"],
  ...["rememberOwn", "doOrUndo", "takeBack", "feedHooks", "endCircle", "changeModules"],
  ...["withAccess", "handsOn", "giveSpans", "passOn", "withoutIds", "ASKED_IN", "LastDelivery"],
  ...["makeRoom", "onDeath", "isSwitchedOff", "foreignSdk", "SettledResource", "InPairs"],
  ...["loadChunk", "ChunkTypes", "AT_ONE_GO", "ServerEntryServices", "UpstreamChunkTypes"],
];

/** Where such a word is another one's: the library's own, or plain data. */
const exceptions: readonly {
  readonly file: RegExp;
  readonly word: RegExp;
  readonly why: string;
}[] = [
  { file: /socket-io/, word: /^rooms?$/i, why: "Socket.IO's own word" },
  { file: /^test\/tooling\/vocabulary\.test\.ts$/, word: /./, why: "the list itself" },
];

const pattern = new RegExp(
  `(?<![\\w$])(${[...Object.keys(retired), ...retiredNames].join("|")})(?![\\w$])`,
  "gi",
);

describe("The words of the project", () => {
  it("are those of the field: none of the retired ones is left", () => {
    const found = textFiles().flatMap((file) => retiredWordsIn(file));
    assert.deepEqual(found.slice(0, 50), [], `${found.length} retired words`);
  });

  it("are found where they stand", () => {
    assert.deepEqual(wordsIn("The Holder says: under way."), ["Holder", "says", "under way"]);
    assert.deepEqual(wordsIn("stakeholders, essays, roommate, $room, doorOf"), []);
  });
});

function textFiles(): string[] {
  const folders = ["src", "test", "docs", "scripts", "README.md", "CONTRIBUTING.md", "register.ts"];
  return trackedFiles(...folders).filter((file) => /\.(?:[cm]?[jt]s|tsx|md)$/.test(file));
}

function retiredWordsIn(file: string): string[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.flatMap((line, index) =>
    wordsIn(line)
      .filter((word) => !exceptions.some((one) => one.file.test(file) && one.word.test(word)))
      .map((word) => `${file}:${index + 1} ${word}`),
  );
}

function wordsIn(text: string): string[] {
  return [...text.matchAll(pattern)].map(([word]) => word);
}
