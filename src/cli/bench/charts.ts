import type { DrawingBlock } from "../report/document.ts";
import { escapeHtml } from "../report/escape-html.ts";
import { formatSeconds } from "../report/formats.ts";
import { truncate } from "../../text.ts";
import type { EndpointComparison } from "./comparison/comparison.ts";
import type { EndpointResult } from "./result.ts";

const WIDTH = 720;
const LEFT = 200;
const RIGHT = 80;
const ROW = 16;
const MAX_NAME = 32;

/** Draws the percentiles of the endpoints as bars. */
export function percentileChart(endpoints: readonly EndpointResult[]): DrawingBlock {
  const highest = Math.max(...endpoints.map(({ figures }) => figures.p99), Number.MIN_VALUE);
  const x = (ms: number): number => (ms / highest) * (WIDTH - LEFT - RIGHT);
  const shapes = endpoints.flatMap(({ name, figures }, at) => {
    const top = at * (ROW * 3 + 12);
    return (["p50", "p95", "p99"] as const).flatMap((percentile, row) => {
      const [y, width] = [top + row * ROW, x(figures[percentile])];
      return [
        ...(row === 0 ? [text(0, y + 12, "start", truncate(name, MAX_NAME))] : []),
        text(LEFT - 6, y + 12, "end", percentile),
        `<rect class="requests" x="${LEFT}" y="${y + 2}" width="${short(width)}" height="${ROW - 4}"/>`,
        text(LEFT + width + 6, y + 12, "start", formatMs(figures[percentile])),
      ];
    });
  });
  const height = endpoints.length * (ROW * 3 + 12);
  return drawing("Durations by percentile", height, shapes);
}

const HISTOGRAM_HEIGHT = 140;

/** Draws how many requests have taken how long. */
export function histogramChart({ name, histogram, figures }: EndpointResult): DrawingBlock {
  const highest = Math.max(...histogram.map(({ count }) => count), 1);
  const width = WIDTH / Math.max(1, histogram.length);
  const zero = HISTOGRAM_HEIGHT - 20;
  const bars = histogram.map(({ count }, at) => {
    const height = (count / highest) * (zero - 10);
    return `<rect class="requests" x="${short(at * width)}" y="${short(zero - height)}" width="${short(width * 0.85)}" height="${short(height)}"/>`;
  });
  const [first, last] = [histogram[0]?.limitMs ?? 0, histogram.at(-2)?.limitMs ?? 0];
  return drawing(`${name}: ${figures.requests} requests by duration`, HISTOGRAM_HEIGHT, [
    ...bars,
    `<line class="axis" x1="0" y1="${zero}" x2="${WIDTH}" y2="${zero}"/>`,
    text(0, HISTOGRAM_HEIGHT - 4, "start", formatMs(first)),
    text(WIDTH, HISTOGRAM_HEIGHT - 4, "end", `> ${formatMs(last)}`),
  ]);
}

/** Draws the changes of the medians with their intervals; the line in the middle is no change. */
export function intervalChart(endpoints: readonly EndpointComparison[]): DrawingBlock {
  const limits = endpoints.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite);
  const widest = Math.min(MAX_SHOWN, Math.max(0.2, ...limits.map((one) => Math.abs(one - 1))));
  const [from, to] = [LEFT, WIDTH - RIGHT];
  const x = (ratio: number): number => {
    const part = Math.max(-1, Math.min(1, (ratio - 1) / widest));
    return from + ((part + 1) / 2) * (to - from);
  };
  const shapes = endpoints.flatMap(({ name, low, high, ratio, change }, at) => {
    const y = at * (ROW + 8) + ROW;
    const style = change === "slower" ? "failed" : "requests";
    return [
      text(0, y + 4, "start", truncate(name, MAX_NAME)),
      `<rect class="${style}" opacity="0.4" x="${short(x(low))}" y="${y - 4}" width="${short(Math.max(1, x(high) - x(low)))}" height="8"/>`,
      `<circle class="${style}" cx="${short(x(ratio))}" cy="${y}" r="4"/>`,
      text(WIDTH, y + 4, "end", change),
    ];
  });
  const height = endpoints.length * (ROW + 8) + 36;
  const axis = `<line class="axis" x1="${short(x(1))}" y1="0" x2="${short(x(1))}" y2="${height - 20}"/>`;
  const percent = Math.round(widest * 100);
  return drawing("Changes of the medians, with 99% intervals", height, [
    axis,
    ...shapes,
    text(from, height - 4, "start", `−${percent}%`),
    text(x(1), height - 4, "middle", "no change"),
    text(to, height - 4, "end", `+${percent}%`),
  ]);
}

const MAX_SHOWN = 1;

function drawing(title: string, height: number, shapes: readonly string[]): DrawingBlock {
  const label = escapeHtml(title);
  const svg = `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">\n${shapes.join("\n")}\n</svg>`;
  return { kind: "drawing", title, svg };
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function formatMs(ms: number): string {
  return formatSeconds(ms / 1000);
}

function short(number: number): string {
  return String(Number(number.toFixed(1)));
}
