/** A line of a Prometheus page. */
export interface PageSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Returns all samples of a page in Prometheus' text format or OpenMetrics, without exemplars. */
export function parseSamples(page: string): readonly PageSample[] {
  const lines = page.matchAll(/^([A-Za-z_:][\w:]*)(?:\{(.*?)\})? (\S+)/gm);
  return [...lines].map(([, name = "", labels = "", value]) => ({
    name,
    labels: labelsOf(labels),
    value: Number(value === "+Inf" ? Infinity : value),
  }));
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...pairs].map(([, key = "", value = ""]) => [key, value]));
}

/** Returns the types of metrics from the page's TYPE lines. */
export function typesOf(page: string): Map<string, string> {
  const lines = page.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return new Map([...lines].map(([, name = "", type = ""]) => [name, type]));
}
