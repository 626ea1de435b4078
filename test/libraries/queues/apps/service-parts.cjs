const parts = { front: "./front.cjs", back: "./back.cjs" };

/** Runs one side of the conversation until SIGTERM, after which the process must end. */
exports.service = async (role, library, program) => {
  const print = (text) => process.stdout.write(`${text}\n`);
  if (process.env.TELLTALE) {
    const { captureException } = await import(process.env.TELLTALE);
    globalThis.report = captureException;
  }
  globalThis.print = print;
  const stop = await require(parts[role])[role](library, require(`./${program}.cjs`), print);
  print("ready");
  process.once("SIGTERM", stop);
};
