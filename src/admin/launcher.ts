/**
 * Programs that start the app as a process of their own. With the preload in
 * NODE_OPTIONS they get it too, come first and would take the port that the app
 * then finds in use.
 */
const launchers =
  /(?:^|[\\/])(?:npm|npx|pnpm|pnpx|yarn|corepack|nodemon|tsx)(?:[\\/](?:bin|dist|lib)[\\/][^\\/]+|(?:-cli)?(?:\.[cm]?js)?)$/;

/** `next dev` is one more process that starts the app, `next build` none of it; `next start` is the app. */
const next = /[\\/](?:\.bin|next[\\/]dist[\\/]bin)[\\/]next$/;

/** Many at once, each for a part of a build (Next's) or of a run of tests (Jest's). */
const workers = /[\\/]jest-worker[\\/](?:\w+[\\/])*processChild\.js$/;

/** @param argv `process.argv` */
export function isLauncher([, script, command]: readonly string[]): boolean {
  if (script === undefined) return false;
  if (next.test(script)) return command !== "start";
  return launchers.test(script) || workers.test(script);
}
