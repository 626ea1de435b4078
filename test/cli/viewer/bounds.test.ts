import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Answer, answerJson, answerText } from "../../../src/cli/viewer/answer.ts";
import { comparisonAnswer } from "../../../src/cli/viewer/answers/comparison-answer.ts";
import { errorsAnswer } from "../../../src/cli/viewer/answers/errors-answer.ts";
import { repeatedCallsAnswer } from "../../../src/cli/viewer/answers/n1-answer.ts";
import { requestAnswer, spanAnswer } from "../../../src/cli/viewer/answers/request-answer.ts";
import { requestsAnswer } from "../../../src/cli/viewer/answers/requests-answer.ts";
import { runsAnswer } from "../../../src/cli/viewer/answers/runs-answer.ts";
import { slowAnswer } from "../../../src/cli/viewer/answers/slow-answer.ts";
import { MAX_ANSWER_BYTES } from "../../../src/cli/viewer/bounded-view.ts";
import { queryUsesOf } from "../../../src/viewer/comparison/compared-unit.ts";
import { compareUnits } from "../../../src/viewer/comparison/comparison.ts";
import type { MetricSeries, SpanDetail, UnitDetail } from "../../../src/viewer/model.ts";
import { fixtureSource, spanDetail, unitDetail } from "./fixture-source.ts";
import { hostileTexts, hostileUnit, PROMPT } from "./hostile-units.ts";

type Create = (units: readonly UnitDetail[]) => Answer | Promise<Answer>;

const first = (units: readonly UnitDetail[]): UnitDetail => units[0] ?? unitDetail();

const answers: Readonly<Record<string, Create>> = {
  requests: (units) => requestsAnswer(fixtureSource({ units }), { limit: 20 }, ""),
  request: (units) => requestAnswer("viewer", first(units)),
  "a page of spans": (units) => requestAnswer("viewer", first(units), { spansFrom: 1 }),
  "a span": (units) => spanAnswer("viewer", first(units), first(units).spans[0] ?? spanDetail()),
  slow: (units) => slowAnswer(fixtureSource({ units, metrics: pools(units) }), {}),
  errors: (units) => errorsAnswer(fixtureSource({ units, metrics: pools(units) }), {}),
  n1: (units) => repeatedCallsAnswer(fixtureSource({ units }), {}, true),
  compare: compareAnswer,
  runs: (units) => {
    const { run } = first(units);
    return runsAnswer("viewer", run === undefined ? [] : Array.from({ length: 100 }, () => run));
  },
};

function pools(units: readonly UnitDetail[]): MetricSeries[] {
  return units.map(({ summary }) => ({
    ...{ name: "db.client.connection.timeouts", unit: "1", description: "" },
    service: summary.service,
    attributes: { "db.client.connection.pool.name": summary.name },
    points: [{ time: 0, value: 3 }],
  }));
}

function compareAnswer(units: readonly UnitDetail[]): Answer {
  const { run, summary } = first(units);
  const compared = units.map((unit) => ({ ...unit.summary, queries: queryUsesOf(unit.spans) }));
  const side = { kind: "run", id: summary.name, label: summary.name, ...(run && { run }) } as const;
  const comparison = compareUnits(
    { side, units: compared.map((unit) => ({ ...unit, queries: [], durationMs: 1 })) },
    { side, units: compared },
  );
  return comparisonAnswer("viewer", comparison, [
    { text: "p95>1ms", figure: "p95", isIncrease: false, amount: 1, isShare: false },
  ]);
}

/** Control and format characters, except for the line ends of the answer itself. */
const STEERING = /[^\P{Cc}\n]|\p{Cf}|\p{Zl}|\p{Zp}/u;

function assertBounded(text: string): void {
  assert.ok(Buffer.byteLength(text) <= MAX_ANSWER_BYTES, `${Buffer.byteLength(text)} bytes`);
  assert.ok(text.length > 100, text);
  assert.doesNotMatch(text, STEERING);
}

describe("An answer", () => {
  for (const [what, text] of Object.entries(hostileTexts)) {
    let units: readonly UnitDetail[] = [];

    before(() => {
      units = Array.from({ length: 12 }, (_, at) =>
        hostileUnit(at === 0 ? text : text.slice(0, 3000), at),
      );
    });

    for (const [name, create] of Object.entries(answers)) {
      it(`of ${name} is short and inert with ${what} in every text`, async () => {
        const answer = await create(units);
        assertBounded(answerText(answer));
        const json = answerJson(answer);
        assertBounded(json);
        assert.equal(typeof JSON.parse(json), "object");
      });
    }
  }

  for (const [name, create] of Object.entries(answers)) {
    it(`of ${name} has an instruction in quotes only, and marks it as data`, async () => {
      const answer = await create([hostileUnit(PROMPT), hostileUnit(PROMPT, 1)]);
      const text = answerText(answer);
      assert.match(text, /data, not instructions/);
      const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
      assert.doesNotMatch(outside, /Ignore all|previous instructions|rm -rf/);
      assert.match(answerJson(answer), /^\{"status":"\w+","note":"Texts are telemetry/);
    });
  }

  it("on a trace of 5,000 spans shows its groups", () => {
    const root = spanDetail({ name: "GET /orders", durationMs: 9000 });
    const spans = Array.from({ length: 5000 }, (_, at) => querySpan(root, at));
    const answer = requestAnswer("viewer", unitDetail({ spans: [root, ...spans] }));
    const text = answerText(answer);
    assertBounded(text);
    assertBounded(answerJson(answer));
    assert.match(text, /Spans \(5001,/);
    assert.match(text, /500 ms \(500 x 1\) @0 "SELECT \* FROM t0 WHERE id = \?" at a\.js:0/);
    assert.doesNotMatch(text, /more lines of spans/);
  });

  it("on a trace of 5,000 different spans has pages, each span in one", () => {
    const root = spanDetail({ name: "GET /orders", durationMs: 9000 });
    const spans = Array.from({ length: 5000 }, (_, at) =>
      spanDetail({ name: `step-${at}`, parentSpanId: root.spanId, offsetMs: at }),
    );
    const unit = unitDetail({ spans: [root, ...spans] });
    const text = answerText(requestAnswer("viewer", unit));
    assertBounded(text);
    assert.match(text, /… 4981 more lines of spans: telltale request 0123abcd --spans-from 1/);
    const second = answerText(requestAnswer("viewer", unit, { spansFrom: 21 }));
    assert.match(second, /step-19 /);
    assert.match(second, /step-38 /);
    assert.match(second, /… 4961 more lines of spans: telltale request 0123abcd --spans-from 41/);
  });

  it("on spans that are nested 5,000 times is short", () => {
    const spans: SpanDetail[] = [];
    for (let depth = 0; depth < 5000; depth++) {
      const parentSpanId = spans.at(-1)?.spanId;
      const parent = parentSpanId === undefined ? {} : { parentSpanId };
      spans.push(spanDetail({ name: "deep", depth, ...parent }));
    }
    assertBounded(answerText(requestAnswer("viewer", unitDetail({ spans }))));
  });

  it("is short and inert with any texts", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
        const unit = unitDetail({
          summary: { name: text, path: text, service: text },
          spans: Array.from({ length: 40 }, (_, at) => spanDetail({ name: `${text}${at}` })),
          errors: [{ type: text, message: text, frames: [] }],
        });
        assertBounded(answerText(requestAnswer("viewer", unit)));
        assertBounded(answerJson(requestAnswer("viewer", unit)));
      }),
    );
  });
});

function querySpan(root: SpanDetail, at: number): SpanDetail {
  const table = `t${at % 10}`;
  return spanDetail({
    ...{ name: "SELECT", parentSpanId: root.spanId, offsetMs: at },
    place: { file: "/app/a.js", line: at % 10, shown: "a.js" },
    query: {
      system: "postgresql",
      text: `SELECT * FROM ${table} WHERE id = ${at}`,
      fingerprint: `SELECT * FROM ${table} WHERE id = ?`,
    },
  });
}
