import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Editor } from "../../../src/viewer/server/editor.ts";
import { RequestError } from "../../../src/viewer/server/request-error.ts";
import { pollUntil } from "../../until.ts";

describe("The editor of the viewer", () => {
  let base: string;
  let project: string;
  let opened: string;
  let program: string;

  before(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "viewer-editor-")));
    project = join(base, "project");
    mkdirSync(join(project, "src"), { recursive: true });
    mkdirSync(join(base, "project-2"));
    for (const file of [
      "project/src/app.js",
      "project/src/a b;$(id).js",
      "secret",
      "project-2/x.js",
    ])
      writeFileSync(join(base, file), "");
    symlinkSync(join(base, "secret"), join(project, "link.js"));
    symlinkSync(base, join(project, "up"));
    opened = join(base, "opened");
    program = join(base, "code");
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > ${opened}\n`);
    chmodSync(program, 0o755);
  });
  after(() => rmSync(base, { recursive: true }));
  beforeEach(() => rmSync(opened, { force: true }));

  const open = (file: string, command = program): Promise<void> =>
    new Editor(project, { TELLTALE_EDITOR: command }).open({ file, line: 12, column: 3 });

  const openedArguments = (): Promise<string> =>
    pollUntil(async () => {
      const text = existsSync(opened) ? readFileSync(opened, "utf8") : "";
      return text.endsWith("\n") ? text : undefined;
    }, "the call of the editor");

  it("opens a file at its line", async () => {
    await open(join(project, "src/app.js"));
    assert.equal(await openedArguments(), `--goto\n${project}/src/app.js:12:3\n`);
  });

  it("passes names of files to no shell", async () => {
    await open(join(project, "src/a b;$(id).js"));
    assert.equal(await openedArguments(), `--goto\n${project}/src/a b;$(id).js:12:3\n`);
  });

  it("keeps the arguments of the variable, quoted ones too", async () => {
    await open(join(project, "src/app.js"), `"${program}" --wait 'a b'`);
    assert.equal(await openedArguments(), `--wait\na b\n--goto\n${project}/src/app.js:12:3\n`);
  });

  const refused: Readonly<Record<string, (folder: string) => string>> = {
    "a file of the system": () => "/etc/passwd",
    "a file beside the project": (folder) => join(folder, "../secret"),
    "a path that leads out and in again": (folder) => `${folder}/../project-2/x.js`,
    "a folder whose name begins like the project's": (folder) => `${folder}-2/x.js`,
    "a link to a file outside": (folder) => join(folder, "link.js"),
    "a link to a folder outside": (folder) => join(folder, "up/secret"),
    "a path that is relative": () => "src/app.js",
    "a URL": (folder) => `file://${folder}/src/app.js`,
    "an encoded path": (folder) => `${folder}/%2e%2e/secret`,
    "a path with a zero byte": (folder) => `${folder}/src/app.js\0.txt`,
    "an option": () => "--version",
    "the folder itself": (folder) => folder,
    "a file that does not exist": (folder) => join(folder, "src/none.js"),
    "an empty path": () => "",
  };
  for (const [title, fileIn] of Object.entries(refused)) {
    it(`refuses ${title}`, async () => {
      await assert.rejects(
        open(fileIn(project)),
        (error) => error instanceof RequestError && error.status === 403,
      );
      assert.ok(!existsSync(opened));
    });
  }

  it("reports a command that can't be started", async () => {
    await assert.rejects(
      open(join(project, "src/app.js"), "/nowhere/editor"),
      /could not be started/,
    );
  });

  it("ignores editors of a terminal", async () => {
    const editor = new Editor(project, { EDITOR: "vim", VISUAL: program });
    assert.equal(await editor.name(), "code");
  });
});
