import { hasUserInLogs, imports, type Sender } from "../../test/libraries/sentry/functions.ts";

const ofImport: Readonly<Record<Sender, string>> = {
  telltale: "works, through telltale's client",
  app: "works, through the app's client",
  none: "lost; one line on stderr reports it",
};

/** telltale's own functions work in any case. */
const ofTelltale: Readonly<Record<Sender, string>> = {
  telltale: ofImport.telltale,
  app: ofImport.app,
  none: ofImport.telltale,
};

/** Renders what becomes of the calls of an app that imports Sentry, as the tests find it. */
export function sentryFunctionsTable(): string {
  const rows = [
    ["the app imports", "calls of its import", "calls of `telltale`", "`user_id` in log lines"],
    ["---", "---", "---", "---"],
    ...imports.map(({ title, sender }) => [
      ...[title, ofImport[sender], ofTelltale[sender]],
      `by \`setUser\` of ${hasUserInLogs[sender] ? "both" : "`telltale`"}`,
    ]),
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
