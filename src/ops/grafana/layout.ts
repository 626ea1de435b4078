import type { Panel, Row } from "./dashboard.ts";

/** A panel with its place in its row: columns of 24, lines of 30 pixels. */
export interface PlacedPanel {
  readonly panel: Panel;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const COLUMNS = 24;

const heights: Readonly<Record<Panel["view"], number>> = {
  timeseries: 8,
  stat: 5,
  table: 8,
  logs: 12,
};

/** Places the panels of a row from left to right, and begins a new line where one does not fit. */
export function placePanels({ panels }: Row): readonly PlacedPanel[] {
  const placed: PlacedPanel[] = [];
  let [x, y, lineHeight] = [0, 0, 0];
  for (const panel of panels) {
    const width = panel.width ?? 8;
    const height = heights[panel.view];
    if (x + width > COLUMNS) [x, y, lineHeight] = [0, y + lineHeight, 0];
    placed.push({ panel, x, y, width, height });
    x += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return placed;
}

/** Returns the height of a row. */
export function heightOf(placed: readonly PlacedPanel[]): number {
  return Math.max(...placed.map(({ y, height }) => y + height));
}
