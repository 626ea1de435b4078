/** Sentry's limit. */
const MAX_LENGTH = 50;

/**
 * Returns the slug that Sentry makes of a monitor's name: a job that sent check-ins under
 * its name before has the same monitor. Empty if Sentry would accept no slug: it must have
 * a letter.
 */
export function monitorSlugOf(name: string): string {
  const slug = name
    .slice(0, MAX_LENGTH)
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_\s-]/g, "")
    .replaceAll(/[-\s]+/g, "-")
    .replaceAll(/^[-_]+/g, "");
  const end = slug
    .slice(0, MAX_LENGTH)
    .split("")
    .findLastIndex((letter) => !"-_".includes(letter));
  return /[a-z]/.test(slug) ? slug.slice(0, end + 1) : "";
}
