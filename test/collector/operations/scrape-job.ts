/** A job of the scrape configuration, as YAML. */
export function scrapeJob(
  name: string,
  targets: readonly string[],
  more: readonly string[] = [],
): string {
  return [
    `  - job_name: ${name}`,
    `    static_configs: [{ targets: ${JSON.stringify(targets)} }]`,
    ...more.map((line) => `    ${line}`),
  ].join("\n");
}
