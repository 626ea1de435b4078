import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readViewerState } from "../../../src/viewer/state-file.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { ask, DEV_ENV, DevProject, portOf, requestsOf, runsOf, SERVER } from "./dev-run.ts";

describe("telltale dev", () => {
  let project: DevProject;
  beforeEach(() => {
    project = new DevProject();
  });
  afterEach(() => project.remove());

  it("shows the requests of a command, whose output is as without it", async () => {
    const program = project.dev(["--port", "0", "--", "node", "server.js"]);
    const port = await portOf(program);
    const state = await project.state();
    await (await fetch(`http://127.0.0.1:${port}/orders?token=s3cret`)).text();
    const [request] = await requestsOf(state, 1);
    assert.equal(request?.path, "/orders?token=REDACTED");
    assert.equal(request?.service, "shop");
    assert.equal(program.stdout, `listening on ${port}\n`);
    assert.equal(program.stderr, `telltale viewer: ${state.url}/?token=${state.token}\n`);
  });

  it("serves the page for the printed address, and nothing without its token", async () => {
    project.dev(["--port", "0", "--", "node", "server.js"]);
    const state = await project.state();
    const opened = await fetch(`${state.url}/?token=${state.token}`, { redirect: "manual" });
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await fetch(state.url, { headers: { cookie } });
    assert.match(await page.text(), /^<!doctype html>/i);
    assert.equal((await fetch(state.url)).status, 401);
  });

  it("keeps the state in files that only the user can read, and that Git ignores", async () => {
    const program = project.dev(["--port", "0", "--", "node", "server.js"]);
    await project.state();
    const folder = join(project.folder, ".telltale");
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, "viewer.json")).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(folder, ".gitignore"), "utf8"), "*\n");
    program.kill("SIGTERM");
    await program.ended;
    assert.ok(!existsSync(join(folder, "viewer.json")));
  });

  it("ends with the exit code of the command, after its last request was received", async () => {
    const program = project.dev(["--port", "0", "--", "node", "server.js"]);
    const port = await portOf(program);
    await project.state();
    await fetch(`http://127.0.0.1:${port}/end`).catch(() => {});
    const { code, signal } = await program.ended;
    assert.deepEqual({ code, signal }, { code: 7, signal: null });
    project.dev(["--port", "0"]);
    const [request] = await requestsOf(await project.state(), 1);
    assert.equal(request?.path, "/end");
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`passes ${signal} on, and ends by it like the command`, async () => {
      const program = project.dev(["--port", "0", "--", "node", "server.js"]);
      await portOf(program);
      program.kill(signal);
      const ended = await program.ended;
      assert.deepEqual({ code: ended.code, signal: ended.signal }, { code: null, signal });
    });
  }

  it("leaves a signal to a command that handles it", async () => {
    project.write(
      "handler.js",
      'process.on("SIGUSR2", () => process.exit(5)); setInterval(() => {}, 1e6); console.log("listening on 1");',
    );
    const program = project.dev(["--port", "0", "--", "node", "handler.js"]);
    await portOf(program);
    program.kill("SIGUSR2");
    assert.equal((await program.ended).code, 5);
  });

  it("keeps the page and the address over restarts of the app, each of which is a run", async () => {
    execFileSync("git", ["init", "-q", "-b", "main"], { cwd: project.folder });
    const author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    execFileSync("git", ["add", "server.js", "package.json"], { cwd: project.folder });
    execFileSync("git", [...author, "commit", "-qm", "Start"], { cwd: project.folder });
    const program = project.dev(["--port", "0", "--", "node", "--watch", "server.js"]);
    const state = await project.state();
    await fetch(`http://127.0.0.1:${await portOf(program)}/first`);
    await requestsOf(state, 1);
    project.write("server.js", `${readFileSync(join(project.folder, "server.js"), "utf8")}\n`);
    await fetch(`http://127.0.0.1:${await portOf(program, 2)}/second`);
    const [second, first] = await requestsOf(state, 2);
    assert.deepEqual([first?.path, second?.path], ["/first", "/second"]);
    const runs = new Map((await runsOf(state)).map((run) => [run.id, run]));
    const [before, after] = [runs.get(first?.run ?? ""), runs.get(second?.run ?? "")];
    assert.notEqual(before?.id, after?.id);
    assert.deepEqual([before?.branch, after?.branch], ["main", "main"]);
    assert.match(before?.commit ?? "", /^[\da-f]{40}$/);
    assert.deepEqual([before?.dirty, after?.dirty], [false, true]);
    assert.ok((before?.start ?? 0) < (after?.start ?? 0));
    assert.equal((await project.state()).token, state.token);
  });

  it("keeps NODE_OPTIONS of the user, and changes no other variable", async () => {
    project.write(
      "options.js",
      "console.log(JSON.stringify({ env: process.env, title: process.title, exec: process.execArgv }));",
    );
    const env = { NODE_OPTIONS: "--title=mine --no-deprecation", OTEL_SERVICE_NAME: "own" };
    const program = project.dev(["--port", "0", "--", "node", "options.js"], { env });
    const { stdout, code } = await program.ended;
    assert.equal(code, 0);
    const child = JSON.parse(stdout) as {
      readonly env: Readonly<Record<string, string>>;
      readonly title: string;
    };
    assert.equal(child.title, "mine");
    const { NODE_OPTIONS: options, TELLTALE_VIEWER: viewer, PATH: _path, ...others } = child.env;
    assert.match(options ?? "", /^--import=file:\S+register\.js --title=mine --no-deprecation$/);
    assert.match(viewer ?? "", /^http:\/\/localhost:\d+$/);
    assert.deepEqual(others, { ...DEV_ENV, OTEL_SERVICE_NAME: "own" });
  });

  it("shares one viewer among the services of a workspace", async () => {
    project.write("package.json", JSON.stringify({ name: "root", workspaces: ["packages/*"] }));
    for (const name of ["api", "web"]) {
      project.write(`packages/${name}/package.json`, JSON.stringify({ name, type: "module" }));
      project.write(
        `packages/${name}/server.js`,
        readFileSync(join(project.folder, "server.js"), "utf8"),
      );
    }
    const port = String(await freePort());
    const start = (name: string): ReturnType<DevProject["dev"]> =>
      project.dev(["--port", port, "--", "node", "server.js"], { cwd: `packages/${name}` });
    const api = start("api");
    const state = await project.state();
    const web = start("web");
    for (const program of [api, web]) await fetch(`http://127.0.0.1:${await portOf(program)}/`);
    const requests = await requestsOf(state, 2);
    assert.deepEqual(requests.map(({ service }) => service).toSorted(), ["api", "web"]);
    assert.equal(web.stderr, api.stderr);
    web.kill("SIGTERM");
    await web.ended;
    assert.equal((await project.state()).token, state.token);
  });

  it("refuses a port that belongs to another program", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { code, stderr } = await project.dev(["--port", String(port), "--", "node", "server.js"])
      .ended;
    server.close();
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `telltale: port ${port} is in use by another program; choose a free one with --port, or any with --port 0\n`,
    );
  });

  it("ignores the state of a viewer that was killed", async () => {
    const first = project.dev(["--port", "0", "--", "node", "server.js"]);
    const port = await portOf(first);
    const old = await project.state();
    first.kill("SIGKILL");
    await pollUntilTrue(
      () => readViewerState(project.folder) === undefined,
      "the end of the viewer",
    );
    const second = project.dev(["--port", "0", "--", "node", "server.js"]);
    await portOf(second);
    const state = await pollUntil(async () => {
      const now = await project.state();
      return now.token === old.token ? undefined : now;
    }, "the state of the second viewer");
    assert.notEqual(state.pid, old.pid);
    // The command of the first one has outlived it.
    await fetch(`http://127.0.0.1:${port}/end`).catch(() => {});
    await first.ended;
  });

  it("runs without a command until a signal", async () => {
    const program = project.dev(["--port", "0", "--json"]);
    const state = await project.state();
    const line = JSON.parse(
      await program.waitForStdout((text) => /.*\n/.exec(text)?.[0]),
    ) as object;
    assert.deepEqual(line, {
      status: "running",
      url: state.url,
      address: `${state.url}/?token=${state.token}`,
      pid: state.pid,
      joined: false,
    });
    assert.deepEqual(await runsOf(state), []);
    program.kill("SIGINT");
    assert.deepEqual(await program.ended.then(({ code }) => code), 0);
  });

  const misuse: readonly (readonly [title: string, args: readonly string[], line: RegExp])[] = [
    ["an unknown option", ["--prot", "1"], /option --prot is not known, did you mean --port\?/],
    [
      "a port that is none",
      ["--port", "web"],
      /--port received "web", expected a number from 0 to 65535/,
    ],
    [
      "a command without dashes",
      ["node", "server.js"],
      /the command follows --, as in telltale dev -- node app\.js/,
    ],
    ["dashes without a command", ["--"], /-- is not followed by a command/],
    [
      "a command that does not exist",
      ["--port", "0", "--", "/nowhere/node"],
      /the command can't be started: ENOENT/,
    ],
  ];
  for (const [title, args, line] of misuse) {
    it(`ends with 2 after ${title}`, async () => {
      const { code, stderr } = await project.dev(args).ended;
      assert.equal(code, 2, stderr);
      assert.match(stderr, line);
    });
  }

  it("refuses production, unless it is forced to", async () => {
    const env = { NODE_ENV: "production" };
    const refused = await project.dev(["--", "node", "server.js"], { env }).ended;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /NODE_ENV is production.*--force/);
    const forced = project.dev(["--force", "--port", "0", "--", "node", "server.js"], { env });
    await fetch(`http://127.0.0.1:${await portOf(forced)}/`);
    await requestsOf(await project.state(), 1);
  });

  it("shows the metrics and the log lines of the app", async () => {
    const line = 'console.log("a line of the app");';
    project.write("logs.js", SERVER.replace("response.end", `${line} response.end`));
    const program = project.dev(["--port", "0", "--", "node", "logs.js"]);
    await fetch(`http://127.0.0.1:${await portOf(program)}/`);
    const state = await project.state();
    const logs = await pollUntil(async () => {
      const page = await ask<{ readonly items: readonly { message: string }[] }>(state, "logs");
      return page.items.length > 0 ? page.items : undefined;
    }, "log lines");
    assert.ok(logs.some(({ message }) => message === "a line of the app"));
    await pollUntilTrue(async () => {
      const series = await ask<readonly { name: string }[]>(state, "metrics");
      return series.some(({ name }) => name === "http.server.request.duration");
    }, "metrics");
  });
});
