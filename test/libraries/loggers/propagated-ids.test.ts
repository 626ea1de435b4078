import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Line, readLines } from "../../integration/log-files/read-lines.ts";
import { programOrSkip } from "../../programs.ts";
import { type Redis, startRedis } from "../servers/redis.ts";
import { type LoggerRun, linesIn, runLogger } from "./run.ts";

const LOGGERS = ["winston", "pino", "bunyan", "console"] as const;

/** Where lines are written, and their ids: request, user, organization. */
const places: readonly (readonly [place: string, ...ids: readonly (string | undefined)[]])[] = [
  ["request", "r-81", "u-7", "o-3"],
  ["job", "r-81", "u-7", "o-3"],
  ["behind-fetch", "r-81", undefined, undefined],
  ["behind-http", "r-81", undefined, undefined],
  ["behind-job", "r-81", undefined, undefined],
  ["own-id", "of-the-app", undefined, undefined],
  ["own-id-http", "of-the-app", undefined, undefined],
];

const versions = [
  ["bunyan", "pino"],
  ["bunyan1", "pino7"],
] as const;

describe("The ids of a request", () => {
  let redis: Redis;
  before(async function () {
    programOrSkip(this, "redis-server");
    redis = await startRedis();
  });
  after(() => redis?.stop());

  for (const [bunyan, pino] of versions) {
    describe(`with ${bunyan} and ${pino}`, () => {
      let run: LoggerRun;
      let folder: string;
      let files: readonly Line[];
      before(async () => {
        folder = mkdtempSync(join(tmpdir(), "telltale-propagated-"));
        const args = [bunyan, pino, redis.url];
        run = await runLogger("propagated-ids.cjs", { args, env: { TELLTALE_LOG_DIR: folder } });
        assert.deepEqual([run.code, run.stderr], [0, ""]);
        files = await readLines(folder, "application");
      });
      after(() => rmSync(folder, { recursive: true }));

      for (const [place, ...ids] of places) {
        it(`are on the lines of each logger: ${place}`, () => {
          for (const logger of LOGGERS) {
            const text = `${logger} ${place}`;
            const record = run.logs.find(({ body }) => body === text);
            const { attributes } = record ?? assert.fail(`no record of ${text}`);
            assert.deepEqual(
              [
                attributes["telltale.request.id"],
                attributes["user.id"],
                attributes["telltale.organization.id"],
              ],
              ids,
              `the record of ${text}`,
            );
            assert.deepEqual(idsOf(files, text), ids, `the line of ${text} in application.log`);
            // The console's own lines are text.
            if (logger === "console") continue;
            assert.deepEqual(idsOf(linesIn(run.stdout), text), ids, `the line of ${text}`);
          }
        });
      }

      it("are on a line of bunyan in errors.log, with the error", async () => {
        const [line, ...more] = await readLines(folder, "errors");
        assert.equal(more.length, 0);
        assert.deepEqual(
          [line?.["logger"], line?.["request_id"], line?.["user_id"], line?.["exception.message"]],
          ["bunyan", "r-81", "u-7", "bunyan failed"],
        );
      });

      it("are of the same trace everywhere", () => {
        const traces = new Set(files.map(({ trace_id: trace }) => trace));
        assert.equal(traces.size, 1);
      });
    });
  }
});

function idsOf(lines: readonly Line[], text: string): unknown[] {
  const line = lines.find(({ message, msg }) => (message ?? msg) === text);
  return line === undefined
    ? assert.fail(`no line ${text}`)
    : [line["request_id"], line["user_id"], line["organization_id"]];
}
