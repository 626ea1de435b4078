/**
 * Whether a call may be the first one of a loop: where the two stacks begin to differ, the
 * function runs at this call, and waits for it at the other.
 */
export function isFirstCallOf(stack: string | undefined, other: string | undefined): boolean {
  if (stack === undefined || other === undefined) return false;
  const frames = stack.split("\n");
  const others = other.split("\n");
  const at = others.findIndex((frame, index) => frame !== frames[index]);
  if (at === -1) return false;
  return others[at]!.startsWith("at async ") && frames[at]?.startsWith("at async ") !== true;
}
