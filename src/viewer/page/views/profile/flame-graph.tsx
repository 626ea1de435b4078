import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { FlameNode } from "../../../model.ts";
import { PlaceLink } from "../../components/source.tsx";
import { useKeys } from "../../state/keyboard.ts";
import { colour, theme } from "../../state/theme.ts";
import { boxAt, type FlameBox, flameBoxes, hueOf, pathTo } from "./flame-layout.ts";

const ROW = 20;

interface FlameGraphProps {
  readonly root: FlameNode;
  /** Frames whose name has this text are emphasized. */
  readonly text: string;
  readonly format: (value: number) => string;
}

/** A flame graph on a canvas: a click makes a frame as wide as the graph, 0 shows all again. */
export function FlameGraph({ root, text, format }: FlameGraphProps): VNode {
  const [shown, show] = useState(root);
  const [hovered, hover] = useState<FlameNode>();
  const path = useMemo(() => pathTo(root, shown), [root, shown]);
  const boxes = useMemo(() => flameBoxes(path), [path]);
  const { canvas, width } = useCanvas(boxes, text, hovered);
  useKeys({ "0": () => show(root) });
  const boxOf = ({ offsetX, offsetY }: MouseEvent): FlameBox | undefined =>
    boxAt(boxes, offsetX / width, Math.floor(offsetY / ROW));
  const node = hovered ?? shown;
  return (
    <div class="flame">
      <p class="flame-facts" aria-live="off">
        <b class="mono">{node.name}</b>
        <span>
          {format(node.value)} ({percent(node.value, root.value)}), own {format(node.self)}
        </span>
        {node.package === undefined ? null : <span class="dim">{node.package}</span>}
        {node.place === undefined ? null : <PlaceLink place={node.place} />}
        <span class="space" />
        {shown === root ? null : (
          <button type="button" class="button" title="0" onClick={() => show(root)}>
            Show all
          </button>
        )}
      </p>
      <div class="flame-scroll">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Flame graph of ${root.name}; the tab Functions lists the same as text`}
          onMouseMove={(event) => hover(boxOf(event)?.node)}
          onMouseLeave={() => hover(undefined)}
          onClick={(event) => {
            const box = boxOf(event);
            if (box !== undefined) show(box.node);
          }}
        />
      </div>
    </div>
  );
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0%" : `${((part / whole) * 100).toFixed(1)}%`;
}

interface Canvas {
  readonly canvas: { current: HTMLCanvasElement | null };
  readonly width: number;
}

function useCanvas(
  boxes: readonly FlameBox[],
  text: string,
  hovered: FlameNode | undefined,
): Canvas {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(1);
  const chosen = theme.value;
  useEffect(() => {
    const parent = canvas.current?.parentElement;
    if (parent === undefined || parent === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(parent.clientWidth));
    observer.observe(parent);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, boxes, { width, text, hovered });
  }, [boxes, width, text, hovered, chosen]);
  return { canvas, width };
}

interface DrawOptions {
  readonly width: number;
  readonly text: string;
  readonly hovered: FlameNode | undefined;
}

function draw(canvas: HTMLCanvasElement, boxes: readonly FlameBox[], options: DrawOptions): void {
  const { width } = options;
  const depth = boxes.reduce((most, box) => Math.max(most, box.depth), 0);
  const height = (depth + 1) * ROW;
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(scale, scale);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const isDark = matchesDark();
  for (const box of boxes) drawBox(context, box, { ...options, isDark });
}

function drawBox(
  context: CanvasRenderingContext2D,
  { node, depth, x, width }: FlameBox,
  { width: whole, text, hovered, isDark }: DrawOptions & { readonly isDark: boolean },
): void {
  const left = x * whole;
  const top = depth * ROW;
  const size = Math.max(1, width * whole - 1);
  const isFound = text !== "" && node.name.toLowerCase().includes(text.toLowerCase());
  context.globalAlpha = text !== "" && !isFound ? 0.3 : 1;
  context.fillStyle = fillOf(node, isDark);
  context.fillRect(left, top, size, ROW - 1);
  if (node === hovered || isFound) {
    context.strokeStyle = colour("text");
    context.strokeRect(left + 0.5, top + 0.5, size - 1, ROW - 2);
  }
  if (size < 30) return;
  context.fillStyle = isDark ? "#f2f5f9" : "#10161d";
  context.fillText(shorten(context, node.name, size - 8), left + 4, top + ROW / 2);
}

/** The app is warm, packages have a hue each, Node and telltale are grey. */
function fillOf(node: FlameNode, isDark: boolean): string {
  const lightness = isDark ? 34 : 76;
  if (node.package === undefined)
    return `hsl(${24 + (hueOf(node.name) % 22)} 72% ${lightness + 6}%)`;
  if (node.package === "node" || node.package === "telltale") return `hsl(214 10% ${lightness}%)`;
  return `hsl(${180 + (hueOf(node.package) % 130)} 42% ${lightness}%)`;
}

function shorten(context: CanvasRenderingContext2D, name: string, width: number): string {
  const needed = context.measureText(name).width;
  if (needed <= width) return name;
  return `${name.slice(0, Math.max(1, Math.floor((name.length * width) / needed) - 2))}…`;
}

function matchesDark(): boolean {
  if (theme.value !== "system") return theme.value === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
