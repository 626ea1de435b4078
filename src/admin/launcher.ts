/**
 * Programs that start the app as a process of their own. With the preload in
 * NODE_OPTIONS they get it too, come first and would take the port that the app
 * then finds in use.
 */
const launchers =
  /(?:^|[\\/])(?:npm|npx|pnpm|pnpx|yarn|corepack|nodemon|tsx)(?:[\\/](?:bin|dist|lib)[\\/][^\\/]+|(?:-cli)?(?:\.[cm]?js)?)$/;

/** @param script `process.argv[1]`. */
export function isLauncher(script: string | undefined): boolean {
  return script !== undefined && launchers.test(script);
}
