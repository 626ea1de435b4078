import type { ArrivingWork } from "../../context/unit-views.ts";
import type { ProfileKind } from "../../profiling/recording.ts";

const HEADER = "x-telltale-profile";

const KINDS: Readonly<Record<string, ProfileKind>> = {
  profile: "cpu",
  cpu: "cpu",
  allocations: "allocation",
  allocation: "allocation",
};

/**
 * Returns which profile a request asks for by itself: `?telltale=profile`,
 * `?telltale=allocations`, or the header `x-telltale-profile` with `cpu` or
 * `allocation`. They are only read: the app sees its request unchanged.
 */
export function requestedProfile(work: ArrivingWork): ProfileKind | undefined {
  return kindOf(parameterOf(work.url)) ?? kindOf(headerOf(work));
}

function kindOf(value: string | undefined): ProfileKind | undefined {
  return value !== undefined && Object.hasOwn(KINDS, value) ? KINDS[value] : undefined;
}

function parameterOf(url: string | undefined): string | undefined {
  const at = url?.indexOf("?") ?? -1;
  if (url === undefined || at === -1 || !url.includes("telltale=", at)) return undefined;
  return new URLSearchParams(url.slice(at + 1)).get("telltale") ?? undefined;
}

/** Reads the raw list, since Node creates the object of headers with its first use. */
function headerOf({ rawHeaders, headers }: ArrivingWork): string | undefined {
  if (rawHeaders === undefined) {
    const value = headers?.[HEADER];
    return typeof value === "string" ? value : undefined;
  }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === HEADER.length && name.toLowerCase() === HEADER) return rawHeaders[at + 1];
  }
  return undefined;
}
