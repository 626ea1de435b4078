import { useState } from "preact/hooks";
import { type Keys, useKeys } from "./keyboard.ts";

/** Keys of a table: j and k select a row, Enter opens it. Returns the selected row and its setter. */
export function useRowKeys(
  count: number,
  open: (index: number) => void,
  more: (index: number) => Keys = () => ({}),
): readonly [number, (index: number) => void] {
  const [selected, select] = useState(-1);
  const move = (step: number) => () => select(Math.min(count - 1, Math.max(0, selected + step)));
  useKeys({
    j: move(1),
    k: move(-1),
    ArrowDown: move(1),
    ArrowUp: move(-1),
    Enter: () => {
      if (selected >= 0) open(selected);
    },
    ...more(selected),
  });
  return [selected, select];
}
