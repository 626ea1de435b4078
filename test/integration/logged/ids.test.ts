import assert from "node:assert/strict";
import { eventText } from "../../errors/events.ts";
import { type LoggedRun, runApp } from "./run.ts";

interface IdsRun extends LoggedRun {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

async function runIds(env: Readonly<Record<string, string>>): Promise<IdsRun> {
  const run = await runApp("ids.mjs", env);
  const lines = run.ended.stdout.trim().split("\n");
  return { ...run, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** The user that a text names: `deep anna` and `removed -`. */
function userIn(text: unknown): string | undefined {
  const user = String(text).split(" ")[1];
  return user === "-" ? undefined : user;
}

function organizationIn(text: unknown): string | undefined {
  const [place = "", user] = String(text).split(" ");
  if (place === "removed") return "acme";
  if (user === "-" || place === "object") return undefined;
  return place === "batch" || place === "job" ? user : `${user} inc`;
}

const LINES = 5 * (3 + 2 + 1 + 2 + 2 + 3 + 1) + 5 * 2 + 1;
const EVENTS = 5 * (1 + 1 + 1 + 1 + 1 + 2 + 1) + 5;

for (const [title, env, events] of [
  ["with a DSN", {}, EVENTS],
  ["without a DSN", { SENTRY_DSN: "" }, 0],
] as const) {
  describe(`A user that is set at any depth (${title})`, () => {
    let run: IdsRun;
    before(async () => {
      run = await runIds(env);
      assert.equal(run.ended.code, 0, run.ended.stderr);
    });

    it("is on the lines that follow, and on no others", () => {
      assert.equal(run.lines.length, LINES);
      for (const { message, user_id: user } of run.lines) assert.equal(user, userIn(message));
    });

    it("is on the log records of these lines", () => {
      assert.equal(run.logs.length, LINES);
      for (const { body, attributes } of run.logs)
        assert.equal(attributes["user.id"], userIn(body));
    });

    it("is the user of the events that follow", () => {
      assert.equal(run.events.length, events);
      for (const event of run.events) {
        const text = eventText(event);
        assert.equal(event.user?.["id"], userIn(text), text ?? "no text");
      }
    });

    it("is on the span of its request or job, unless there are several", () => {
      const places = run.spans.filter(({ kind }) => kind === "SERVER");
      assert.equal(places.length, 35);
      for (const { attributes } of places) {
        const [, place = "", id = ""] = (attributes["url.path"] as string).split("/");
        const hasNone = place === "batch" || place === "removed";
        assert.equal(attributes["user.id"], hasNone ? undefined : id);
        const organization = place === "batch" ? undefined : organizationIn(`${place} ${id}`);
        assert.equal(attributes["telltale.organization.id"], organization);
      }
      const jobs = run.spans.filter(
        ({ attributes }) => attributes["telltale.job.name"] === "deliver",
      );
      assert.equal(jobs.length, 5);
      const users = jobs.map(({ attributes }) => attributes["user.id"]);
      assert.deepEqual(new Set(users), new Set(["deep0", "deep1", "deep2", "deep3", "deep4"]));
    });

    it("comes with its organization", () => {
      for (const { message, organization_id: organization } of run.lines)
        assert.equal(organization, organizationIn(message));
      for (const event of run.events)
        assert.equal(event.tags?.["organization_id"], organizationIn(eventText(event)));
    });
  });
}
