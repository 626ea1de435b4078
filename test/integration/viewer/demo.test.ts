import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readViewerState } from "../../../src/viewer/state-file.ts";
import { pollUntil } from "../../until.ts";
import { Program } from "../program.ts";
import { requestOf, requestsOf } from "./dev-run.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

describe("telltale demo --viewer", () => {
  it("shows the failed order of the shop with its queries, over both services", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "telltale-demo-viewer-")));
    // PostgreSQL does not run as root.
    chmodSync(folder, 0o777);
    const program = new Program({
      file: cli,
      args: ["demo", "--viewer"],
      cwd: folder,
      env: { TMPDIR: folder },
    });
    const address = await program.waitForStdout(
      (text) => /telltale viewer: (\S+)\n/.exec(text)?.[1],
    );
    const state = readViewerState(folder);
    assert.ok(state !== undefined);
    assert.equal(address, `${state.url}/?token=${state.token}`);
    const order = await pollUntil(async () => {
      const requests = await requestsOf(state, 1);
      const failed = requests.find(
        (request) => request.name === "POST /api/orders" && request.failed,
      );
      if (failed === undefined) return undefined;
      const detail = await requestOf(state, failed.id);
      const services = new Set(detail.spans.map(({ service }) => service));
      return services.size >= 2 && detail.summary.counts.queries > 0 ? detail : undefined;
    }, "the failed order");
    assert.ok(order.spans.some(({ query }) => query?.system === "postgresql"));
    program.kill("SIGINT");
    await program.ended;
    assert.equal(readViewerState(folder), undefined);
    rmSync(folder, { recursive: true, force: true });
  });
});
