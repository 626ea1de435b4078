import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findGitCommit } from "../../src/resource/package.ts";
import { skipUnless } from "../programs.ts";

const COMMIT = "1f".repeat(20);
const OTHER = "2e".repeat(20);
const SHA256 = "3d".repeat(32);

describe("The commit of a repository", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-git-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const place = (files: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };

  const rows: readonly {
    readonly title: string;
    readonly files: Readonly<Record<string, string>>;
    readonly from?: string;
    readonly commit: string | undefined;
  }[] = [
    { title: "a detached HEAD", files: { ".git/HEAD": `${COMMIT}\n` }, commit: COMMIT },
    {
      title: "a branch",
      files: { ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": `${COMMIT}\n` },
      commit: COMMIT,
    },
    {
      title: "a branch with slashes, from deep inside the repository",
      files: {
        ".git/HEAD": "ref: refs/heads/feature/a/b\n",
        ".git/refs/heads/feature/a/b": COMMIT,
        "packages/shop/src/app.js": "",
      },
      from: "packages/shop/src/app.js",
      commit: COMMIT,
    },
    {
      title: "a packed branch, not one whose name ends like it",
      files: {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/packed-refs": `# pack-refs with: peeled fully-peeled sorted \n${OTHER} refs/heads/a/refs/heads/main\n${COMMIT} refs/heads/main\n${OTHER} refs/heads/main2\n^${OTHER}\n`,
      },
      commit: COMMIT,
    },
    {
      title: "a branch that has moved since it was packed",
      files: {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/refs/heads/main": COMMIT,
        ".git/packed-refs": `${OTHER} refs/heads/main\n`,
      },
      commit: COMMIT,
    },
    {
      title: "a branch that refers to another one",
      files: {
        ".git/HEAD": "ref: refs/heads/alias\n",
        ".git/refs/heads/alias": "ref: refs/heads/main\n",
        ".git/refs/heads/main": COMMIT,
      },
      commit: COMMIT,
    },
    { title: "a repository with SHA-256", files: { ".git/HEAD": SHA256 }, commit: SHA256 },
    {
      title: "a worktree, whose branches are in its repository",
      files: {
        "main/.git/HEAD": "ref: refs/heads/main\n",
        "main/.git/refs/heads/main": OTHER,
        "main/.git/packed-refs": `${COMMIT} refs/heads/fix\n`,
        "main/.git/worktrees/fix/HEAD": "ref: refs/heads/fix\n",
        "main/.git/worktrees/fix/commondir": "../..\n",
        "fix/.git": "gitdir: ../main/.git/worktrees/fix\n",
        "fix/app.js": "",
      },
      from: "fix/app.js",
      commit: COMMIT,
    },
    {
      title: "a submodule",
      files: {
        ".git/HEAD": OTHER,
        ".git/modules/lib/HEAD": COMMIT,
        "lib/.git": "gitdir: ../.git/modules/lib\n",
      },
      from: "lib",
      commit: COMMIT,
    },
    {
      title: "a repository without commits",
      files: { ".git/HEAD": "ref: refs/heads/main\n" },
      commit: undefined,
    },
    { title: "no repository", files: { "app.js": "" }, from: "app.js", commit: undefined },
    { title: "an empty folder", files: { ".git/x": "" }, commit: undefined },
    { title: "a HEAD of something else", files: { ".git/HEAD": "hello" }, commit: undefined },
    { title: "a short id", files: { ".git/HEAD": COMMIT.slice(0, 12) }, commit: undefined },
    {
      title: "a reference to a file elsewhere",
      files: { ".git/HEAD": "ref: refs/../../secret\n", secret: COMMIT },
      commit: undefined,
    },
    {
      title: "references in a circle",
      files: {
        ".git/HEAD": "ref: refs/heads/a\n",
        ".git/refs/heads/a": "ref: refs/heads/b\n",
        ".git/refs/heads/b": "ref: refs/heads/a\n",
      },
      commit: undefined,
    },
    {
      title: "a file that names no folder",
      files: { ".git": "gitdir: nowhere\n" },
      commit: undefined,
    },
    { title: "a file of another kind", files: { ".git": "\0\0" }, commit: undefined },
    {
      title: "a repository too far above",
      files: { ".git/HEAD": COMMIT },
      from: "a/".repeat(40),
      commit: undefined,
    },
  ];
  for (const { title, files, from = "", commit } of rows) {
    it(`is ${commit === undefined ? "unknown" : "found"} in ${title}`, () => {
      place(files);
      assert.equal(findGitCommit(join(folder, from)), commit);
    });
  }

  it("is found in packed references of many megabytes, without reading them all", () => {
    place({
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/packed-refs": `${COMMIT} refs/heads/main\n`,
    });
    appendFileSync(join(folder, ".git/packed-refs"), `${OTHER} refs/tags/v\n`.repeat(200_000));
    assert.equal(findGitCommit(folder), COMMIT);
  });

  it("is unknown where HEAD is a pipe, which is not opened", function () {
    if (process.platform === "win32") return this.skip();
    mkdirSync(join(folder, ".git"));
    execFileSync("mkfifo", [join(folder, ".git/HEAD")]);
    assert.equal(findGitCommit(folder), undefined);
  });

  it("is unknown where links form a circle", () => {
    symlinkSync(join(folder, ".git"), join(folder, ".git"));
    assert.equal(findGitCommit(folder), undefined);
  });

  it("is the one that git itself reports, in a repository, a worktree and after packing", function () {
    const git = (cwd: string, ...args: string[]): string => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
      return execFileSync("git", [...identity, ...args], { cwd, encoding: "utf8" }).trim();
    };
    skipUnless(this, hasGit(), "git");
    const main = join(folder, "main");
    mkdirSync(main);
    git(main, "init", "--quiet");
    git(main, "commit", "--quiet", "--allow-empty", "--message", "one");
    git(main, "worktree", "add", "--quiet", "-b", "fix/one", join(folder, "fix"));
    git(join(folder, "fix"), "commit", "--quiet", "--allow-empty", "--message", "two");
    for (const prepare of [() => "", () => git(main, "pack-refs", "--all")]) {
      prepare();
      for (const cwd of [main, join(folder, "fix")]) {
        assert.equal(findGitCommit(cwd), git(cwd, "rev-parse", "HEAD"));
      }
    }
    assert.match(readFileSync(join(main, ".git/packed-refs"), "utf8"), /fix\/one/);
  });
});

function hasGit(): boolean {
  try {
    execFileSync("git", ["--version"]);
    return true;
  } catch {
    return false;
  }
}
