/** Returns the content between the two marks of a generated block; undefined if the page has no such block. */
export function readBlock(page: string, name: string): string | undefined {
  const place = rangeOf(page, name);
  return place && page.slice(place.from, place.to).trim();
}

/**
 * Returns the page with new content between the marks `<!-- name:start -->` and
 * `<!-- name:end -->`.
 *
 * @throws Error if a mark is missing.
 */
export function replaceBlock(page: string, name: string, content: string): string {
  const place = rangeOf(page, name);
  if (place === undefined) {
    throw new Error(`the page has no lines <!-- ${name}:start --> and <!-- ${name}:end -->`);
  }
  return `${page.slice(0, place.from)}\n\n${content.trim()}\n\n${page.slice(place.to)}`;
}

function rangeOf(page: string, name: string): { from: number; to: number } | undefined {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const at = page.indexOf(start);
  const to = page.indexOf(end, at);
  return at < 0 || to < 0 ? undefined : { from: at + start.length, to };
}
