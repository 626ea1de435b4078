import { trace } from "@opentelemetry/api";

/**
 * Runs one scenario below a span called `work`.
 *
 * @param {string} name of a file beside this one
 * @param {object} library as it was imported or required
 * @param {string[]} args
 */
export async function play(name, library, args) {
  const { run } = await import(`./${name}.mjs`);
  await trace.getTracer("test").startActiveSpan("work", async (span) => {
    try {
      await run(library.default ?? library, ...args);
    } finally {
      span.end();
    }
  });
}
