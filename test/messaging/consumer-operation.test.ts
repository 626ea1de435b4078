import assert from "node:assert/strict";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ROOT_CONTEXT, unitOfWorkIn } from "../../src/context/context.ts";
import type { ReceivedMessage, UnitFailure } from "../../src/context/messaging.ts";
import { runUnitOfWork } from "../../src/context/run-unit.ts";
import { histogramsOf, metricNamesOf, numbersOf } from "../metrics/metrics-fixture.ts";
import { createMessagingFixture, receivedMessage } from "./messaging-fixture.ts";

function headersOfNewSpan(
  { tracer }: ReturnType<typeof createMessagingFixture>,
  destination: string,
): { readonly headers: Readonly<Record<string, string>>; readonly traceId: string } {
  const send = tracer.startSend({ system: "rabbitmq", destination, operation: "publish" });
  assert.ok(send);
  send.end();
  const [, traceId = ""] = send.propagationHeaders["traceparent"]?.split("-") ?? [];
  return { headers: send.propagationHeaders, traceId };
}

describe("A received message", () => {
  const rows: readonly [title: string, ReceivedMessage, name: string, attributes: object][] = [
    [
      "of a queue",
      receivedMessage({ messageId: "7", group: "billing" }),
      "process orders",
      {
        "messaging.destination.name": "orders",
        "messaging.message.id": "7",
        "messaging.consumer.group.name": "billing",
        "telltale.job.name": "order.created",
        "telltale.job.attempt": 1,
      },
    ],
    [
      "of a generated queue",
      receivedMessage({ destination: "orders.20261129" }),
      "process orders.*",
      {
        "messaging.destination.name": "orders.20261129",
        "messaging.destination.template": "orders.*",
        "telltale.job.name": "order.created",
        "telltale.job.attempt": 1,
      },
    ],
    [
      "that is tried for the second time of three",
      receivedMessage({ job: { name: "mail", attempt: 2, maxAttempts: 3 } }),
      "process orders",
      {
        "messaging.destination.name": "orders",
        "telltale.job.name": "mail",
        "telltale.job.attempt": 2,
        "telltale.job.max_attempts": 3,
      },
    ],
  ];
  for (const [title, message, name, attributes] of rows) {
    it(`${title} has the span "${name}"`, () => {
      const { tracer, spans } = createMessagingFixture();
      tracer.startProcess(message)?.end();
      const [span] = spans;
      assert.equal(span?.name, name);
      assert.equal(span.kind, SpanKind.CONSUMER);
      assert.deepEqual(span.attributes, {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        ...attributes,
      });
    });
  }

  it("is processed in a child of the span that sent it", () => {
    const fixture = createMessagingFixture();
    const { headers, traceId } = headersOfNewSpan(fixture, "orders");
    fixture.tracer.startProcess(receivedMessage({ propagationHeaders: [headers] }))?.end();
    const [sent, processed] = fixture.spans;
    assert.equal(processed?.spanContext().traceId, traceId);
    assert.equal(processed.parentSpanContext?.spanId, sent?.spanContext().spanId);
    assert.deepEqual(processed.links, []);
  });

  it("starts a trace of its own without propagation headers", () => {
    const fixture = createMessagingFixture();
    fixture.tracer.startProcess(receivedMessage())?.end();
    assert.equal(fixture.spans[0]?.parentSpanContext, undefined);
  });

  it("in a batch is linked to its sender, in a trace of the batch", async () => {
    const fixture = createMessagingFixture();
    const senders = ["a", "b"].map((queue) => headersOfNewSpan(fixture, queue));
    const propagationHeaders = [...senders.map(({ headers }) => headers), {}];
    fixture.tracer.startProcess(receivedMessage({ count: 3, propagationHeaders }))?.end();
    const batch = fixture.spans.at(-1);
    assert.equal(batch?.parentSpanContext, undefined);
    assert.deepEqual(
      batch?.links.map(({ context }) => context.traceId),
      senders.map(({ traceId }) => traceId),
    );
    const [consumed] = numbersOf(await fixture.collect(), "messaging.client.consumed.messages");
    assert.equal(consumed?.value, 3);
  });

  it("of a connection is linked to it and has its request id and user", () => {
    const { tracer, spans } = createMessagingFixture();
    const connection = tracer.startProcess(receivedMessage({ destination: "handshake" }));
    const context = connection?.context ?? ROOT_CONTEXT;
    const enclosing = unitOfWorkIn(context);
    assert.ok(enclosing);
    Object.assign(enclosing, { requestId: "r-1", userId: "u-1" });
    const message = tracer.startProcess(receivedMessage({ connection: context }));
    message?.end();
    connection?.end();
    const [processed, handshake] = spans;
    assert.equal(processed?.parentSpanContext, undefined);
    assert.equal(processed?.links[0]?.context.spanId, handshake?.spanContext().spanId);
    const unit = unitOfWorkIn(message?.context ?? ROOT_CONTEXT);
    assert.deepEqual([unit?.requestId, unit?.userId], ["r-1", "u-1"]);
    assert.equal(unit?.enclosingUnit(), enclosing);
  });

  it("is in flight until it ends", () => {
    const { tracer } = createMessagingFixture();
    assert.deepEqual([tracer.hasHandledMessages, tracer.inFlightCount], [false, 0]);
    const unit = tracer.startProcess(receivedMessage());
    assert.deepEqual([tracer.hasHandledMessages, tracer.inFlightCount], [true, 1]);
    unit?.end();
    unit?.end();
    assert.deepEqual([tracer.hasHandledMessages, tracer.inFlightCount], [true, 0]);
  });

  it("ends with the process when it is still in flight", () => {
    const { tracer, spans } = createMessagingFixture();
    tracer.startProcess(receivedMessage());
    tracer.startProcess(receivedMessage());
    tracer.endAll();
    assert.deepEqual([spans.length, tracer.inFlightCount], [2, 0]);
  });
});

const boom = new RangeError("boom");
const late = new TypeError("late");

/** Failures of one message, and the outcome: the error type, the captured errors and whether they are retried. */
const failures: readonly [
  title: string,
  failures: readonly UnitFailure[],
  errorType: string | undefined,
  captured: readonly [error: unknown, willRetry: boolean | undefined][],
][] = [
  ["without a failure", [], undefined, []],
  ["that fails once", [{ error: boom }], "RangeError", [[boom, undefined]]],
  ["that is retried", [{ error: boom, willRetry: true }], "RangeError", [[boom, true]]],
  ["that failed for good", [{ error: boom, willRetry: false }], "RangeError", [[boom, false]]],
  ["that is rejected without an error", [{ error: undefined, type: "nack" }], "nack", []],
  [
    "that fails twice",
    [{ error: boom }, { error: late }],
    "RangeError",
    [
      [boom, undefined],
      [late, undefined],
    ],
  ],
  [
    "that fails twice with one error",
    [{ error: boom }, { error: boom }],
    "RangeError",
    [[boom, undefined]],
  ],
  [
    "that is rejected and then throws",
    [{ error: undefined, type: "nack" }, { error: late }],
    "nack",
    [[late, undefined]],
  ],
  ["that throws a text", [{ error: "text" }], "_OTHER", [["text", undefined]]],
];

describe("The outcome of a message", () => {
  for (const [title, reported, errorType, expected] of failures) {
    it(`${title} has the error type ${errorType}`, async () => {
      const { tracer, spans, captured, collect } = createMessagingFixture();
      const unit = tracer.startProcess(receivedMessage());
      for (const failure of reported) unit?.fail(failure);
      unit?.end();
      const [span] = spans;
      assert.equal(span?.attributes["error.type"], errorType);
      assert.equal(
        span?.status.code,
        errorType === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR,
      );
      assert.deepEqual(
        captured.map(({ error, willRetry }) => [error, willRetry]),
        expected,
      );
      const [duration] = histogramsOf(await collect(), "messaging.process.duration");
      assert.equal(duration?.attributes["error.type"], errorType);
    });
  }

  it("ignores a failure after its end", () => {
    const { tracer, spans, captured } = createMessagingFixture();
    const unit = tracer.startProcess(receivedMessage());
    unit?.end();
    unit?.fail({ error: boom });
    assert.equal(spans[0]?.status.code, SpanStatusCode.UNSET);
    assert.deepEqual(captured, []);
  });

  it("reports the job of the message with its error", () => {
    const { tracer, captured } = createMessagingFixture();
    const job = { name: "mail", id: "7", queue: "mails", attempt: 2, maxAttempts: 3 };
    const unit = tracer.startProcess(receivedMessage({ job }));
    unit?.fail({ error: boom });
    unit?.end();
    assert.deepEqual(captured[0]?.job, job);
  });

  it("ends the span even when the error can't be captured", () => {
    const { tracer, spans, internalErrors } = createMessagingFixture({
      captureJobError: () => {
        throw new Error("internal");
      },
    });
    const unit = tracer.startProcess(receivedMessage());
    unit?.fail({ error: boom });
    unit?.end();
    assert.equal(spans.length, 1);
    assert.deepEqual(internalErrors.map(String), ["Error: internal"]);
  });
});

describe("A job", () => {
  it("has an internal span and its own duration metric", async () => {
    const { tracer, spans, collect } = createMessagingFixture();
    const run = tracer.startJob({ name: "nightly", attempt: 1 });
    assert.equal(
      run?.(() => 7),
      7,
    );
    const [span] = spans;
    assert.deepEqual([span?.name, span?.kind], ["nightly", SpanKind.INTERNAL]);
    assert.deepEqual(span?.attributes, {
      "telltale.job.name": "nightly",
      "telltale.job.attempt": 1,
    });
    const collected = await collect();
    assert.ok(!metricNamesOf(collected).includes("messaging.process.duration"));
    const [duration] = histogramsOf(collected, "telltale.job.duration");
    assert.deepEqual(duration?.attributes, { "telltale.job.name": "nightly" });
  });

  it("has the time of its last success, which a failure does not change", async () => {
    const { tracer, collect } = createMessagingFixture();
    // The clock of telemetry may differ from the wall clock by hundredths of a second.
    const before = Math.floor(Date.now() / 1000) - 1;
    tracer.startJob({ name: "nightly" })?.(() => {});
    const fail = (): never => {
      throw boom;
    };
    assert.throws(() => tracer.startJob({ name: "nightly" })?.(fail), boom);
    assert.throws(() => tracer.startJob({ name: "hourly" })?.(fail), boom);
    const [time = assert.fail(), ...others] = numbersOf(
      await collect(),
      "telltale.job.last_success",
    );
    assert.deepEqual([time.attributes, others], [{ "telltale.job.name": "nightly" }, []]);
    assert.ok(time.value >= before && time.value <= Date.now() / 1000 + 1);
  });

  it("has a name of low cardinality, and its full name as an attribute", () => {
    const { tracer, spans } = createMessagingFixture();
    tracer.startJob({ name: "import-1732890000123" })?.(() => {});
    assert.equal(spans[0]?.name, "import-*");
    assert.equal(spans[0]?.attributes["telltale.job.name"], "import-1732890000123");
  });

  it("that rejects fails with its error, which reaches the caller", async () => {
    const { tracer, spans, captured } = createMessagingFixture();
    const run = tracer.startJob({ name: "nightly" });
    await assert.rejects(async () => run?.(() => Promise.reject(boom)), boom);
    await new Promise(setImmediate);
    assert.equal(spans[0]?.attributes["error.type"], "RangeError");
    assert.equal(captured[0]?.error, boom);
  });

  it("that throws reaches the caller with its error", async () => {
    const { tracer, spans } = createMessagingFixture();
    const run = tracer.startJob({ name: "nightly" });
    assert.throws(
      () =>
        run?.(() => {
          throw boom;
        }),
      boom,
    );
    await new Promise(setImmediate);
    assert.equal(spans[0]?.attributes["error.type"], "_OTHER");
  });

  it("of a scheduler has its schedule", () => {
    const { tracer, spans } = createMessagingFixture();
    tracer.startScheduledJob({ name: "cron 0 2 * * *", schedule: "0 2 * * *" })?.(() => {});
    assert.equal(spans[0]?.attributes["telltale.job.schedule"], "0 2 * * *");
  });

  it("that a scheduler calls directly is the scheduled job, under its own name", () => {
    const { tracer, spans } = createMessagingFixture();
    const scheduled = tracer.startScheduledJob({ name: "cron 0 2 * * *", schedule: "0 2 * * *" });
    scheduled?.(() => tracer.startJob({ name: "cleanup" })?.(() => {}));
    assert.deepEqual(
      spans.map(({ name }) => name),
      ["cleanup"],
    );
    assert.deepEqual(spans[0]?.attributes, {
      "telltale.job.name": "cleanup",
      "telltale.job.schedule": "0 2 * * *",
    });
  });

  it("within another job is a unit of work of its own", () => {
    const { tracer, spans } = createMessagingFixture();
    const scheduled = tracer.startScheduledJob({ name: "outer" });
    scheduled?.(() => {
      tracer.startJob({ name: "first" })?.(() => {});
      tracer.startJob({ name: "second" })?.(() => {});
    });
    assert.deepEqual(
      spans.map(({ name }) => name),
      ["second", "first"],
    );
  });

  it("knows the unit of work that started it", () => {
    const { tracer } = createMessagingFixture();
    const message = tracer.startProcess(receivedMessage());
    assert.ok(message);
    const job = runUnitOfWork(message, () => tracer.startProcess(receivedMessage()));
    job?.end();
    const unit = unitOfWorkIn(job?.context ?? ROOT_CONTEXT);
    assert.equal(unit?.startedByUnit(), unitOfWorkIn(message.context));
  });
});

describe("The check-in of a scheduled job", () => {
  const recurrence = { pattern: "0 2 * * *" };
  const scheduledJob = { name: "cron 0 2 * * *", recurrence, isUnnamed: true };
  const message = receivedMessage({ job: { name: "nightly", recurrence } });

  /** Runs of a job of a scheduler in the process. */
  const runs: readonly (readonly [title: string, work: () => unknown, outcome: string])[] = [
    ["returns", () => 1, "succeeded"],
    [
      "throws",
      () => {
        throw boom;
      },
      "failed",
    ],
    ["resolves", () => Promise.resolve(), "succeeded"],
    ["rejects", () => Promise.reject(boom), "failed"],
  ];
  for (const [title, work, outcome] of runs) {
    it(`ends as ${outcome} if it ${title}`, async () => {
      const { tracer, outcomes } = createMessagingFixture();
      const run = tracer.startScheduledJob(scheduledJob);
      await Promise.resolve()
        .then(() => run?.(work))
        .catch(() => {});
      await new Promise(setImmediate);
      const { name: job } = scheduledJob;
      assert.deepEqual(outcomes, [
        { job, outcome: "started" },
        { job, outcome },
      ]);
    });
  }

  it("has the name of the job() that the scheduler calls", () => {
    const { tracer, outcomes } = createMessagingFixture();
    const run = tracer.startScheduledJob(scheduledJob);
    run?.(() =>
      tracer.startJob({ name: "cleanup" })?.(() => {
        assert.deepEqual(outcomes, [{ job: "cleanup", outcome: "started" }]);
      }),
    );
    assert.deepEqual(outcomes.at(-1), { job: "cleanup", outcome: "succeeded" });
    assert.equal(outcomes.length, 2);
  });

  for (const [title, start] of [
    ["asynchronous", () => new Promise(() => {})],
    ["synchronous", (end: () => void) => end()],
  ] as const) {
    it(`is interrupted with the process, while its work is ${title}`, () => {
      const { tracer, outcomes } = createMessagingFixture();
      const run = tracer.startScheduledJob({ name: "nightly", recurrence });
      void run?.(() => start(() => tracer.endAll()));
      tracer.endAll();
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        ["started", "interrupted"],
      );
    });
  }

  it("is retried with the job of a queue that will be, or is postponed", () => {
    const { tracer, outcomes } = createMessagingFixture();
    const failing = tracer.startProcess(message);
    failing?.fail({ error: boom, willRetry: true });
    failing?.end();
    const postponed = tracer.startProcess(message);
    postponed?.postpone();
    postponed?.end();
    const last = tracer.startProcess(message);
    last?.fail({ error: boom, willRetry: false });
    last?.end();
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ["started", "retried", "started", "retried", "started", "failed"],
    );
  });

  it("does not exist without a schedule", () => {
    const { tracer, outcomes } = createMessagingFixture();
    tracer.startProcess(receivedMessage())?.end();
    tracer.startJob({ name: "sweep" })?.(() => {});
    tracer.startScheduledJob({ name: "once" })?.(() => {});
    assert.deepEqual(outcomes, []);
  });
});
