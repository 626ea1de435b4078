const parts = { front: "./front.cjs", back: "./back.cjs" };

/** One side of the conversation, until SIGTERM; then it must end by itself. */
exports.service = async (role, library, program) => {
  const say = (text) => process.stdout.write(`${text}\n`);
  if (process.env.TELLTALE) {
    const { captureException } = await import(process.env.TELLTALE);
    globalThis.report = captureException;
  }
  globalThis.note = say;
  const stop = await require(parts[role])[role](library, require(`./${program}.cjs`), say);
  say("ready");
  process.once("SIGTERM", stop);
};
