/** Returns the values of all samples with this name on a Prometheus page. */
export function valuesOf(page: string, name: string): number[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
}
