import type { ChartBlock } from "./document.ts";
import { escapeHtml } from "./escape-html.ts";
import { NO_DATA } from "./formats.ts";
import { formatTime } from "./period.ts";
import type { Point } from "../prometheus/prometheus-api.ts";

const WIDTH = 720;
const HEIGHT = 160;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 12;

/** Renders a chart as SVG: bars with their failed part, or a line. Hours without a value are gaps. */
export function renderChart(chart: ChartBlock): string {
  const { title, points, failed } = chart;
  const caption = `<figcaption>${escapeHtml(title)}</figcaption>`;
  if (points.length === 0) return `<figure>${caption}<p>${NO_DATA}</p></figure>`;
  const scale = scaleOf(points);
  const shapes =
    failed === undefined
      ? lines(points, scale)
      : [...bars(points, scale, "requests"), ...bars(failed, scale, "failed")];
  return `<figure>${caption}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">
${[...axes(chart, scale), ...shapes].join("\n")}
</svg></figure>`;
}

interface Scale {
  readonly first: number;
  readonly last: number;
  /** Seconds between two points. */
  readonly step: number;
  readonly highest: number;
  x(time: number): number;
  y(value: number): number;
}

function scaleOf(points: readonly Point[]): Scale {
  const times = points.map(({ time }) => time);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  const step = Math.min(...gaps, 3600);
  const highest = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
  const span = last - first + step;
  return {
    ...{ first, last, step, highest },
    x: (time) => LEFT + ((time - first) / span) * (WIDTH - LEFT),
    y: (value) => TOP + (1 - value / highest) * (HEIGHT - TOP - BOTTOM),
  };
}

function axes(
  { format, timeZone }: ChartBlock,
  { first, last, step, highest, y }: Scale,
): string[] {
  const zero = y(0);
  // A value is that of the step before its time.
  const start = formatTime(new Date((first - step) * 1000), timeZone);
  const end = formatTime(new Date(last * 1000), timeZone);
  return [
    `<line class="axis" x1="${LEFT}" y1="${zero}" x2="${WIDTH}" y2="${zero}"/>`,
    text(LEFT - 6, TOP + 4, "end", format(highest)),
    text(LEFT - 6, zero, "end", "0"),
    text(LEFT, HEIGHT - 6, "start", start),
    text(WIDTH, HEIGHT - 6, "end", end),
  ];
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function bars(points: readonly Point[], scale: Scale, name: string): string[] {
  const width = scale.x(scale.first + scale.step) - scale.x(scale.first);
  const zero = scale.y(0);
  return points
    .filter(({ value }) => value > 0)
    .map(({ time, value }) => {
      const top = scale.y(value);
      return `<rect class="${name}" x="${short(scale.x(time))}" y="${short(top)}" width="${short(width * 0.85)}" height="${short(zero - top)}"/>`;
    });
}

function lines(points: readonly Point[], { x, y, step }: Scale): string[] {
  const parts: Point[][] = [];
  for (const point of points) {
    const part = parts.at(-1);
    const isNext = part !== undefined && point.time - (part.at(-1)?.time ?? 0) <= step;
    if (isNext) part.push(point);
    else parts.push([point]);
  }
  return parts.map((part) => {
    const path = part.map(({ time, value }) => `${short(x(time))},${short(y(value))}`);
    // A point alone has no line.
    if (path.length === 1) path.push(path[0] ?? "");
    return `<polyline class="line" stroke-linecap="round" points="${path.join(" ")}"/>`;
  });
}

function short(number: number): string {
  return String(Number(number.toFixed(1)));
}
