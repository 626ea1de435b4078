/** A function, as V8 reports it. Profiles may come from other processes. */
export interface ReportedFrame {
  url: unknown;
  readonly lineNumber: unknown;
  readonly columnNumber: unknown;
}

/** A node of what V8 has recorded; the children of a CPU profile's nodes are ids. */
interface ProfileNode {
  readonly callFrame: ReportedFrame;
  readonly children?: readonly ProfileNode[];
}

/** Returns the functions of a CPU profile, or of an allocation profile. */
export function* callFramesOf(profile: unknown): Generator<ReportedFrame> {
  const { nodes, head } = profile as Readonly<{
    nodes?: readonly ProfileNode[];
    head?: ProfileNode;
  }>;
  for (const { callFrame } of nodes ?? []) yield callFrame;
  const waiting = head === undefined ? [] : [head];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node.callFrame;
    waiting.push(...(node.children ?? []));
  }
}

/**
 * Removes from a profile what is no place: the queries of the URLs of modules, and the
 * code that the URL of a `data:` module is.
 */
export function removeUrlContents(profile: unknown): void {
  for (const frame of callFramesOf(profile)) {
    if (typeof frame.url === "string") frame.url = withoutContents(frame.url);
  }
}

/** Returns the place that a URL is, without its query; of a `data:` URL, only the scheme. */
export function withoutContents(url: string): string {
  return url.startsWith("data:") ? "data:" : url.replace(/[?#].*$/s, "");
}
