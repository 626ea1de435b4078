/** Patterns of what differs from run to run, and their placeholders. */
const volatileParts: readonly (readonly [RegExp, string])[] = [
  [/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, "<uuid>"],
  [/\b[\da-f]{32}\b/g, "<trace id>"],
  [/\b[\da-f]{16}\b/g, "<span id>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b\d\d:\d\d:\d\d\.\d{3}\b/g, "<time>"],
  // The bars of the picture, and the bucket of a duration.
  [/ +━+ +/g, " <bar> "],
  [/\{le="[^"]+"\} \d+/g, "<bucket>"],
  [/ *\b\d+(\.\d+)?(e-?\d+)? (ms|s)\b/g, " <duration>"],
  [/ +● /g, " ● "],
  [/(?<="uptime_seconds": )\d+/g, "<number>"],
];

/** Replaces ids, times, durations and the columns they take, so that two runs compare equal. */
export function withoutVolatileParts(text: string): string {
  return volatileParts
    .reduce((done, [pattern, name]) => done.replace(pattern, name), text)
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}
