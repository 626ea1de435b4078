import assert from "node:assert/strict";
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const SECRET = "hunter2hunter2";

type Variables = Readonly<Record<string, string>>;

interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Variables;
  readonly input?: string;
  readonly stdio?: StdioOptions;
}

describe("telltale exec", () => {
  let receiver: Receiver;
  let folder: string;
  const running = new Set<ChildProcess>();
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-exec-"));
  });
  beforeEach(() => receiver.clear());
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
    running.clear();
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await receiver.close();
  });

  const start = (args: readonly string[], { env, stdio }: RunOptions = {}): ChildProcess => {
    const child = spawn(process.execPath, [cli, "exec", ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
      stdio: stdio ?? "pipe",
    });
    running.add(child);
    return child;
  };
  const run = async (args: readonly string[], options: RunOptions = {}): Promise<Result> => {
    const child = start(args, options);
    const closed = once(child, "close");
    child.stdin?.end(options.input ?? "");
    const [stdout, stderr] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) =>
        stream === null ? Buffer.alloc(0) : buffer(stream),
      ),
    );
    await closed;
    await receiver.settled();
    const { exitCode: code, signalCode: signal } = child;
    return { code, signal, stdout: stdout as Buffer, stderr: String(stderr) };
  };
  /** Runs a script of the shell, with enough time for a busy machine. */
  const runScript = (script: string, options?: RunOptions, args: readonly string[] = []) =>
    run(["nightly", "--timeout", "60", ...args, "--", "sh", "-c", script], options);
  const onlySpan = (): ReceivedSpan => {
    assert.equal(receiver.spans.length, 1);
    return receiver.spans[0] as ReceivedSpan;
  };

  it("records a command, which continues the trace", async () => {
    const { code, stdout, stderr } = await runScript("echo $TRACEPARENT; cat", {
      input: "from stdin",
    });
    assert.deepEqual([code, stderr], [0, ""]);
    const span = onlySpan();
    assert.equal(String(stdout), `00-${span.traceId}-${span.spanId}-03\nfrom stdin`);
    assert.deepEqual([span.name, span.kind, span.status.code], ["nightly", "INTERNAL", "UNSET"]);
    assert.equal(span.attributes["telltale.job.name"], "nightly");
    assert.equal(span.attributes["process.executable.name"], "sh");
    assert.equal(span.attributes["process.exit.code"], 0);
    assert.equal(span.resource.attributes["service.name"], "nightly");
    assert.equal(span.attributes["telltale.job.output"], undefined);
    assert.deepEqual(receiver.logs, []);
  });

  it("continues the trace of its environment, also of another telltale exec", async () => {
    const nested = [process.execPath, cli, "exec", "inner", "--timeout", "60", "--", "true"];
    const { code } = await run(["outer", "--timeout", "60", "--", ...nested], {
      env: { TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-01` },
    });
    assert.equal(code, 0);
    const [inner, outer] = ["inner", "outer"].map((name) =>
      receiver.spans.find((span) => span.name === name),
    );
    assert.deepEqual([outer?.traceId, outer?.parentSpanId], [TRACE_ID, SPAN_ID]);
    assert.deepEqual([inner?.traceId, inner?.parentSpanId], [TRACE_ID, outer?.spanId]);
  });

  it("records the last lines of a command that fails, without secrets", async () => {
    const script = `for i in 1 2 3 4; do echo line $i; done; printf '\\033[31mpassword=${SECRET}\\033[0m\\n' >&2; exit 3`;
    const { code, stdout, stderr } = await runScript(script, {}, ["--tail", "3"]);
    assert.equal(code, 3);
    assert.equal(String(stdout), "line 1\nline 2\nline 3\nline 4\n");
    assert.equal(stderr, `\u001b[31mpassword=${SECRET}\u001b[0m\n`);
    const { attributes, status, traceId, spanId } = onlySpan();
    assert.deepEqual([status.code, status.message], ["ERROR", "exit code 3"]);
    assert.deepEqual([attributes["process.exit.code"], attributes["error.type"]], [3, "3"]);
    const output = attributes["telltale.job.output"] as string;
    assert.equal(output.split("\n").length, 3);
    assert.match(output, /line 4/);
    const [record] = receiver.logs;
    assert.deepEqual(
      [record?.body, record?.traceId, record?.spanId, record?.attributes["telltale.job.output"]],
      ["nightly failed: exit code 3", traceId, spanId, output],
    );
    assert.ok(!JSON.stringify([receiver.spans, receiver.logs]).includes(SECRET));
  });

  it("keeps the trace of a failure that is not sampled, and no other", async () => {
    const env = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
    assert.deepEqual((await runScript("exit 0", { env })).stderr, "");
    assert.equal(receiver.spans.length, 0);
    await runScript("exit 1", { env });
    assert.equal(receiver.spans.length, 1);
  });

  const ends = [
    { script: "exit 255", end: [255, null], type: "255" },
    { script: "kill -KILL $$", end: [null, "SIGKILL"], type: "SIGKILL" },
    { script: "kill -TERM $$", end: [null, "SIGTERM"], type: "SIGTERM" },
    // A core dump would be that of telltale.
    { script: "kill -SEGV $$", end: [139, null], type: "SIGSEGV" },
  ] as const;
  for (const { script, end, type } of ends) {
    it(`ends like ${script}`, async () => {
      const { code, signal } = await runScript(script);
      assert.deepEqual([code, signal], end);
      assert.equal(onlySpan().attributes["error.type"], type);
    });
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const) {
    it(`passes ${signal} on`, async () => {
      const name = signal.slice(3);
      const script = `trap 'exit 7' ${name}; echo ready; while :; do sleep 0.05; done`;
      const child = start(["trapped", "--timeout", "60", "--", "sh", "-c", script]);
      const ended = once(child, "close");
      await once(child.stdout as NodeJS.ReadableStream, "data");
      child.kill(signal);
      await ended;
      assert.deepEqual([child.exitCode, child.signalCode], [7, null]);
    });
  }

  it("reports a command that can't be started, like a shell", async () => {
    const missing = await run(["gone", "--timeout", "60", "--", "no-such-command"]);
    assert.deepEqual(
      [missing.code, missing.stderr],
      [127, "telltale: exec gone: the command can't be started: ENOENT\n"],
    );
    assert.equal(onlySpan().attributes["error.type"], "127");
    const denied = await run(["denied", "--timeout", "60", "--", folder]);
    assert.equal(denied.code, 126);
  });

  it("passes bytes on as they are", async () => {
    const random = "head -c 300000 /dev/urandom > bytes; cat bytes; cat bytes >&2; exit 1";
    const child = start(["bytes", "--timeout", "60", "--", "sh", "-c", random]);
    const [stdout, stderr] = await Promise.all([
      buffer(child.stdout as NodeJS.ReadableStream),
      buffer(child.stderr as NodeJS.ReadableStream),
    ]);
    const expected = readFileSync(join(folder, "bytes"));
    assert.ok(stdout.equals(expected));
    assert.ok(stderr.equals(expected));
    await receiver.settled();
    assert.ok((onlySpan().attributes["telltale.job.output"] as string).length <= 16_384);
  });

  it("passes all output on to a reader that is slower than its own end", async () => {
    // More than a pipe holds, but not too much for telltale to read at once.
    const pipeline = `"$0" "$@" | { sleep 0.5; wc -c; }`;
    const script = "head -c 100000 /dev/zero";
    const words = ["exec", "slow", "--timeout", "60", "--", "sh", "-c", script];
    const child = spawn("sh", ["-c", pipeline, process.execPath, cli, ...words], {
      env: { PATH: process.env["PATH"], OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    running.add(child);
    assert.equal(String(await buffer(child.stdout)).trim(), "100000");
  });

  it("keeps the order of output and errors that go to one pipe", async () => {
    const script = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; exit 2";
    const shell = `exec "$0" "$@" 2>&1`;
    const words = [
      process.execPath,
      cli,
      "exec",
      "one",
      "--timeout",
      "60",
      "--",
      "sh",
      "-c",
      script,
    ];
    const child = spawn("sh", ["-c", shell, ...words], {
      env: { PATH: process.env["PATH"], OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    running.add(child);
    const output = String(await buffer(child.stdout));
    const lines = Array.from({ length: 9 }, (_, at) => `out ${at + 1}\nerr ${at + 1}\n`);
    assert.equal(output, lines.join(""));
    await receiver.settled();
    assert.equal(onlySpan().attributes["telltale.job.output"], output.trimEnd());
  });

  it("leaves a file to the command itself, and reads what was added to it", async () => {
    const path = join(folder, "job.log");
    const script = "test -f /proc/self/fd/1 && echo added; echo wrong >&2; exit 1";
    for (const round of [1, 2]) {
      const file = openSync(path, "a");
      const { code } = await runScript(script, { stdio: ["ignore", file, file] });
      closeSync(file);
      assert.equal(code, 1);
      assert.equal(readFileSync(path, "utf8"), "added\nwrong\n".repeat(round));
      assert.equal(receiver.spans.at(-1)?.attributes["telltale.job.output"], "added\nwrong");
    }
  });

  it("leaves pipes to the command without a tail", async () => {
    const { stdout } = await runScript("readlink /proc/$$/fd/1 /proc/$PPID/fd/1; exit 1", {}, [
      ...["--tail", "0"],
    ]);
    const [own, parent] = String(stdout).split("\n");
    assert.equal(own, parent);
    assert.equal(onlySpan().attributes["telltale.job.output"], undefined);
  });

  it("ends a command whose reader has gone", async () => {
    const child = start(["endless", "--timeout", "60", "--", "yes"]);
    const ended = once(child, "close");
    await once(child.stdout as NodeJS.ReadableStream, "data");
    child.stdout?.destroy();
    await ended;
    // Node ignores SIGPIPE, so telltale cannot end by it.
    assert.deepEqual([child.exitCode, child.signalCode], [141, null]);
  });

  it("ends in time without a receiver, and with one that does not respond", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const ports = [await freePort(), (silent.address() as AddressInfo).port];
    try {
      for (const port of ports) {
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
        const args = ["late", "--timeout", "0.3", "--", "sh", "-c", "exit 4"];
        const { code, stderr } = await run(args, { env });
        assert.equal(code, 4);
        assert.match(stderr, /^telltale: the span of late was not sent within 0\.3 s$/m);
      }
    } finally {
      silent.close();
    }
  });

  it("only runs the command if telemetry is switched off", async () => {
    const env = { OTEL_SDK_DISABLED: "true", TRACEPARENT: "kept" };
    const { code, stdout } = await runScript("echo $TRACEPARENT; exit 9", { env });
    assert.deepEqual([code, String(stdout)], [9, "kept\n"]);
    assert.deepEqual(receiver.spans, []);
  });

  it("changes no variables if the environment is no carrier", async () => {
    const env = { TELLTALE_ENV_CARRIER: "false", TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-01` };
    const { stdout } = await runScript("echo $TRACEPARENT", { env });
    assert.equal(String(stdout), `${env.TRACEPARENT}\n`);
    assert.notEqual(onlySpan().traceId, TRACE_ID);
  });

  it("prints its result as JSON on stderr", async () => {
    const { stdout, stderr } = await runScript("echo text; exit 6", {}, ["--json"]);
    const { durationMs, ...result } = JSON.parse(stderr) as Record<string, unknown>;
    const { traceId, spanId } = onlySpan();
    assert.equal(String(stdout), "text\n");
    assert.ok(Number(durationMs) >= 0);
    assert.deepEqual(result, {
      ...{ status: "failed", name: "nightly", traceId, spanId, exitCode: 6, signal: null },
      sent: true,
    });
  });

  const wrongUses = [
    { args: [], stderr: /no name: telltale exec NAME -- COMMAND/ },
    { args: ["job"], stderr: /no command: telltale exec NAME -- COMMAND/ },
    { args: ["job", "--"], stderr: /no command/ },
    { args: ["job", "true"], stderr: /unexpected argument after the name/ },
    { args: ["job", "--tial", "2", "--", "true"], stderr: /--tial is not known.*--tail/ },
    { args: ["job", "--tail", "-1", "--", "true"], stderr: /--tail has no value/ },
    { args: ["job", "--tail=many", "--", "true"], stderr: /--tail: received "many"/ },
    { args: ["job", "--timeout", "0", "--", "true"], stderr: /--timeout: received "0"/ },
  ];
  it("reports wrong use, and runs nothing", async () => {
    await Promise.all(
      wrongUses.map(async ({ args, stderr }) => {
        const result = await run(args);
        assert.equal(result.code, 2, args.join(" "));
        assert.match(result.stderr, stderr);
      }),
    );
    assert.deepEqual(receiver.spans, []);
  });

  it("describes its options", async () => {
    const { code, stdout } = await run(["--help"]);
    assert.equal(code, 0);
    assert.match(String(stdout), /--tail LINES/);
    await pollUntilTrue(() => receiver.spans.length === 0, "no span");
  });
});
