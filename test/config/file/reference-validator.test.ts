import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfigFactory } from "@opentelemetry/configuration";
import { Document, parse } from "yaml";
import { Random, testSeed } from "../../random.ts";
import { loadFile } from "./file-config.ts";

/*
 * Published files with random changes, checked by telltale and by the validator that
 * OpenTelemetry's SDK compiles from the published schema. The SDK refuses a file as a whole;
 * telltale reports what is invalid.
 */

const published = join(import.meta.dirname, "published");
const CHANGES = 150;

/** What telltale reports although the schema allows it: the SDK refuses it later, or the report has the reason. */
const stricter: readonly RegExp[] = [
  /: has no effect: /,
  // Components may be plugins of an SDK, and keys at the top are not restricted.
  /: the key is not known, did you mean /,
  /: the key is not known, expected one of /,
  /: the option is not known, /,
  /: the instrumentation is not known, /,
  /: expected a value of the type /,
  /: expected increasing numbers$/,
  // The schema has no limits of ports.
  /\.port: received -?\d+, expected an integer from 0 to 65535$/,
  // The schema takes any text.
  /\.compression: received .*, expected gzip, none/,
  // Values that are checked where they are used, as those of variables are.
  /, expected .*; using /,
];

/** What the schema refuses, and telltale reads as the default: names without a value. */
const laxer = /must be equal to one of the allowed values/;

type Json = Readonly<Record<string | number, unknown>>;

/** Changes one value of a document at random: removes, replaces or renames it. */
function change(document: unknown, random: Random): unknown {
  const copy = structuredClone(document);
  const places = placesIn(copy);
  const { parent, key } = places[random.below(places.length)] ?? assert.fail();
  const target = parent as Record<string | number, unknown>;
  if (key === "file_format") return copy;
  const kind = random.below(3);
  if (kind === 0) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete target[key];
  } else if (kind === 1) {
    target[key] = random.pick([null, "text", 3, -1, 0.5, true, [], ["a"], {}, { a: 1 }, [1], ""]);
  } else if (!Array.isArray(parent)) {
    target[`${key}x`] = target[key];
    delete target[key];
  }
  return copy;
}

function placesIn(value: unknown): { readonly parent: Json; readonly key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Json;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesIn(parent[key])]);
}

describe("The check of configuration files", () => {
  const seed = testSeed();
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-validator-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Returns what the SDK's validator reports; empty if the file is valid. */
  const validate = (file: string): string => {
    process.env["OTEL_CONFIG_FILE"] = file;
    try {
      createConfigFactory();
      return "";
    } catch (error) {
      return String(error);
    } finally {
      delete process.env["OTEL_CONFIG_FILE"];
    }
  };

  it("accepts what the SDK's validator accepts", () => {
    const files = globSync("v1.1.0/examples/*.yaml", { cwd: published });
    assert.equal(files.length, 3);
    for (const file of files) {
      assert.equal(validate(join(published, file)), "");
      assert.deepEqual(loadFile(join(published, file)).lines, []);
    }
  });

  it(`agrees with the SDK's validator about ${CHANGES} changed files (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const documents = globSync("v1.1.0/**/*.yaml", { cwd: published })
      .toSorted()
      .map((file) => parse(readFileSync(join(published, file), "utf8")) as unknown);
    const file = join(folder, "otel.yaml");
    let invalid = 0;
    for (let at = 0; at < CHANGES; at++) {
      const text = new Document(change(documents[at % documents.length], random)).toString();
      writeFileSync(file, text);
      const verdict = validate(file);
      const { lines } = loadFile(file);
      const detail = `${text}\n${verdict}\n${lines.join("\n")}`;
      if (verdict !== "" && !laxer.test(verdict)) assert.notEqual(lines.length, 0, detail);
      const reported = lines.filter((line) => !stricter.some((pattern) => pattern.test(line)));
      if (reported.length > 0) assert.notEqual(verdict, "", detail);
      if (verdict !== "") invalid++;
    }
    assert.ok(invalid > CHANGES / 4, `${invalid} invalid files`);
  });
});
