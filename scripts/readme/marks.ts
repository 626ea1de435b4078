/** What stands between the two marks of a block that is generated; undefined if there is no such block. */
export function readBlock(readme: string, name: string): string | undefined {
  const place = rangeOf(readme, name);
  return place && readme.slice(place.from, place.to).trim();
}

/**
 * The README with another content between the marks `<!-- name:start -->` and
 * `<!-- name:end -->`.
 *
 * @throws Error if a mark is missing.
 */
export function replaceBlock(readme: string, name: string, content: string): string {
  const place = rangeOf(readme, name);
  if (place === undefined) {
    throw new Error(`there are no lines <!-- ${name}:start --> and <!-- ${name}:end -->`);
  }
  return `${readme.slice(0, place.from)}\n\n${content.trim()}\n\n${readme.slice(place.to)}`;
}

function rangeOf(readme: string, name: string): { from: number; to: number } | undefined {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const at = readme.indexOf(start);
  const to = readme.indexOf(end, at);
  return at < 0 || to < 0 ? undefined : { from: at + start.length, to };
}
