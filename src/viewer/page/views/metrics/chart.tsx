import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { MetricSeries } from "../../../model.ts";
import { formatTime } from "../../format.ts";
import { colour, theme } from "../../state/theme.ts";
import { formatUnit, seriesLabel } from "./metric-groups.ts";

const HEIGHT = 128;

const colours: readonly string[] = ["queries", "calls", "cache", "code", "bad", "entry"];

interface ChartProps {
  readonly series: readonly MetricSeries[];
  readonly unit: string;
}

/** A small live chart of the series of one metric. */
export function Chart({ series, unit }: ChartProps): VNode {
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const shape = series.map(seriesLabel).join("\n");
  const chosen = theme.value;
  useEffect(() => {
    const element = container.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsOf(series, unit, element.clientWidth), dataOf(series), element);
    chart.current = plot;
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [shape, unit, chosen]);
  useEffect(() => chart.current?.setData(dataOf(series)), [series]);
  return <div class="chart" ref={container} />;
}

function optionsOf(series: readonly MetricSeries[], unit: string, width: number): uPlot.Options {
  const axis = {
    stroke: colour("dim"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 50,
        size: 24,
        values: (_, values) => values.map((value) => formatTime(value * 1000).slice(0, 8)),
      },
      {
        ...axis,
        size: 62,
        space: 32,
        values: (_, values) => values.map((value) => formatUnit(value, unit)),
      },
    ],
    scales: { y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
    series: [
      {},
      ...series.map((one, index) => ({
        label: seriesLabel(one),
        stroke: colour(colours[index % colours.length] ?? "accent"),
        width: 1.5,
        points: { show: one.points.length < 3 },
        spanGaps: true,
      })),
    ],
  };
}

/** Returns the points of all series by time, in seconds. */
function dataOf(series: readonly MetricSeries[]): uPlot.AlignedData {
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ time }) => time)))];
  times.sort((a, b) => a - b);
  const columns = series.map(({ points }) => {
    const values = new Map(points.map(({ time, value }) => [time, value]));
    return times.map((time) => values.get(time) ?? null);
  });
  return [times.map((time) => time / 1000), ...columns];
}

export function seriesColour(index: number): string {
  return `series-${colours[index % colours.length] ?? "accent"}`;
}
