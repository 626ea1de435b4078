import { trace } from "@opentelemetry/api";

/**
 * Runs one scenario below a span called `work`.
 *
 * @param {string} name name of a file in this folder
 * @param {object} library the imported or required library
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
