// Calls every overload of node:child_process, and prints what each has returned, thrown and
// passed to its child. Its children print their environment.
import childProcess, { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { trace } from "@opentelemetry/api";

const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;
const forked = fileURLToPath(new URL("forked.mjs", import.meta.url));
const path = process.env.PATH;
const ownTrace = "00-11111111111111111111111111111111-2222222222222222-01";
const execArgv = [];

/** Values of the option `env`; each is created for one call. */
const environments = {
  missing: () => undefined,
  null: () => null,
  empty: () => ({}),
  "that of the process": () => process.env,
  "a copy": () => ({ ...process.env, COPY: "1" }),
  frozen: () => Object.freeze({ PATH: path, FROZEN: "1" }),
  "without a prototype": () => Object.assign(Object.create(null), { PATH: path, BARE: "1" }),
  "with a prototype": () => Object.create({ INHERITED: "1" }, { PATH: { value: path } }),
  "with a getter": () => ({
    PATH: path,
    get READ() {
      return "1";
    },
  }),
  "with a getter that throws": () => ({
    get FAILING() {
      throw new RangeError("getter");
    },
  }),
  "with values that are no texts": () => ({
    NUMBER: 1,
    MISSING: undefined,
    TRUE: true,
    NULL: null,
  }),
  "a proxy": () => new Proxy({ PATH: path, PROXY: "1" }, {}),
  "with a null byte": () => ({ BROKEN: "a\0b" }),
  "with a trace of the app": () => ({ TRACEPARENT: ownTrace, TRACESTATE: "a=b" }),
  "with an empty trace": () => ({ TRACEPARENT: "" }),
  "with baggage of the app": () => ({ BAGGAGE: "user=1" }),
  "no object": () => "text",
};

/** The calls, by title. */
const calls = {
  ...withEnvironments("spawn", (env) => spawn("env", [], { env })),
  ...withEnvironments("spawnSync", (env) => spawnSync("env", [], { env })),
  ...withEnvironments("exec", (env) => exec("env", { env })),
  ...withEnvironments("execSync", (env) => execSync("env", { env })),
  "spawn()": () => spawn(),
  "spawn('')": () => spawn(""),
  "spawn(file)": () => spawn("env"),
  "spawn(file, args)": () => spawn("env", ["ARGUMENT=1"]),
  "spawn(file, options)": () => spawn("env", { env: { PATH: path, A: "1" } }),
  "spawn(file, undefined, options)": () => spawn("env", undefined, { env: { PATH: path, A: "1" } }),
  "spawn(file, null)": () => spawn("env", null),
  "spawn(file, text)": () => spawn("env", "text"),
  "spawn(file, args, text)": () => spawn("env", [], "text"),
  "spawn with a shell": () => spawn("env", { shell: true, env: { PATH: path } }),
  "spawn with frozen options": () => spawn("env", Object.freeze([]), Object.freeze({ argv0: "e" })),
  "spawn of nothing": () => spawn("no-such-command"),
  "spawn in no folder": () => spawn("env", { cwd: "/no/such/folder" }),
  "spawn with an unknown stdio": () => spawn("env", { stdio: "unknown" }),
  "spawn that is aborted": () => spawn("env", { signal: AbortSignal.abort() }),
  "spawn with a channel": () => spawn("env", { stdio: ["ignore", "pipe", "pipe", "ipc"] }),
  "ChildProcess.spawn": () => started({ file: "env", args: ["env"], envPairs: ["A=1"] }),
  "ChildProcess.spawn with a frozen array": () =>
    started({ file: "/usr/bin/env", args: ["env"], envPairs: Object.freeze(["A=1"]) }),
  "ChildProcess.spawn()": () => new ChildProcess().spawn(),
  "exec()": () => exec(),
  "exec(command)": () => exec("env"),
  "exec(command, callback)": () => called((done) => exec("env", done)),
  "exec(command, options, callback)": () => called((done) => exec("env", { env: {} }, done)),
  "exec(command, null, callback)": () => called((done) => exec("env", null, done)),
  "exec(command, undefined, callback)": () => called((done) => exec("env", undefined, done)),
  "exec that fails": () => called((done) => exec("env; exit 3", done)),
  "promisify(exec)(command)": () => promisify(exec)("env"),
  "promisify(exec) that fails": () => promisify(exec)("env; exit 3"),
  "execFile(file)": () => execFile("env"),
  "execFile(file, callback)": () => called((done) => execFile("env", done)),
  "execFile(file, args, callback)": () => called((done) => execFile("env", ["B=1"], done)),
  "execFile(file, options, callback)": () => called((done) => execFile("env", { env: {} }, done)),
  "execFile(file, args, options, callback)": () =>
    called((done) => execFile("env", [], { env: { PATH: path } }, done)),
  "execFile(file, text)": () => execFile("env", "text"),
  "promisify(execFile)(file, args)": () => promisify(execFile)("env", ["B=1"]),
  "execFile of nothing": () => called((done) => execFile("no-such-command", done)),
  "fork()": () => fork(),
  "fork(file)": () => fork(forked, { execArgv, silent: true }),
  "fork(file, args, options)": () => fork(forked, ["1"], { execArgv, silent: true, env: {} }),
  "spawnSync(file)": () => spawnSync("env"),
  "spawnSync(file, args)": () => spawnSync("env", ["C=1"]),
  "spawnSync(file, options)": () => spawnSync("env", { encoding: "utf8", env: { PATH: path } }),
  "spawnSync of nothing": () => spawnSync("no-such-command"),
  "spawnSync()": () => spawnSync(),
  "execFileSync(file)": () => execFileSync("env"),
  "execFileSync(file, args)": () => execFileSync("env", ["D=1"]),
  "execFileSync(file, options)": () => execFileSync("env", { encoding: "utf8" }),
  "execFileSync(file, args, options)": () => execFileSync("env", [], { env: {} }),
  "execFileSync that fails": () => execFileSync("sh", ["-c", "env; exit 4"], { stdio: "pipe" }),
  "execSync(command)": () => execSync("env"),
  "execSync(command, options)": () => execSync("env", { encoding: "utf8", env: { PATH: path } }),
  "execSync that fails": () => execSync("env; exit 5", { stdio: "pipe" }),
  "execSync()": () => execSync(),
};

function withEnvironments(name, call) {
  return Object.fromEntries(
    Object.entries(environments).map(([title, create]) => [
      `${name} with an environment: ${title}`,
      () => {
        const env = create();
        const before = describe(env);
        const result = call(env);
        if (describe(env) !== before) throw new Error(`changed to ${describe(env)}`);
        return result;
      },
    ]),
  );
}

/** Describes an object without its getters. */
function describe(value) {
  return JSON.stringify(
    typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptors(value) : value,
  );
}

function started(options) {
  const child = new ChildProcess();
  const before = JSON.stringify(options.envPairs);
  const code = child.spawn(options);
  if (code !== 0 || JSON.stringify(options.envPairs) !== before) throw new Error("changed");
  return child;
}

/** Resolves with the arguments of a callback. */
function called(call) {
  return new Promise((resolve) => call((...args) => resolve(args)));
}

async function resultOf(call) {
  try {
    const result = await call();
    return result instanceof ChildProcess ? await resultOfChild(result) : plain(result);
  } catch (error) {
    return { thrown: plain(error) };
  }
}

async function resultOfChild(child) {
  let output = "";
  child.stdout?.on("data", (text) => (output += text));
  const messages = [];
  child.on("message", (message) => messages.push(message));
  const errors = [];
  child.on("error", (error) => errors.push(plain(error)));
  const [code, signal] = await once(child, "close");
  const { spawnargs, spawnfile } = child;
  return { output: plain(output), messages, errors, code, signal, spawnargs, spawnfile };
}

/** Returns a value as JSON, without ids of processes. */
function plain(value) {
  if (value instanceof Buffer) return plain(value.toString());
  // A shell prints its variables in any order.
  if (value === "" || (typeof value === "string" && value.includes("\n")))
    return value.split("\n").filter(Boolean).toSorted();
  if (value instanceof Error) {
    return { name: value.name, message: value.message, ...plainEntries(value) };
  }
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? plainEntries(value) : value;
}

function plainEntries(object) {
  const entries = Object.entries(object).filter(([key]) => key !== "pid");
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
}

const results = {};
await trace.getTracer("overloads").startActiveSpan("all", async (span) => {
  const { traceId, spanId } = span.spanContext();
  results.span = `${traceId}-${spanId}`;
  const variables = JSON.stringify(process.env);
  for (const [title, call] of Object.entries(calls)) results[title] = await resultOf(call);
  results.isUnchanged = JSON.stringify(process.env) === variables;
  span.end();
});
process.stdout.write(JSON.stringify(results));
