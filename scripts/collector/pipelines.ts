/**
 * Returns configurations that merge several back ends, so that a signal goes to
 * each that accepts it: of two lists of exporters, the Collector uses the last.
 *
 * @param backends the texts of files in `collector/backends/`.
 * @returns configurations in the form that `--config` takes.
 */
export function joinedPipelines(backends: readonly string[]): readonly string[] {
  const named = backends.flatMap((text) => [...text.matchAll(PIPELINE)]);
  return ["traces", "metrics", "logs"].flatMap((signal) => {
    const lists = named.filter((match) => match[1] === signal).map((match) => match[2]);
    const all = lists.join(", ");
    return lists.length > 1 ? [`yaml:service::pipelines::${signal}::exporters: [${all}]`] : [];
  });
}

/** A pipeline in the files of this project: `    traces:`, then `      exporters: [a]`. */
const PIPELINE = /^ {4}(traces|metrics|logs):\n {6}exporters: \[([^\]]*)\]/gm;
