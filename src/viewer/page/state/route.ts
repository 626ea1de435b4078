import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

/*
 * The place in the page is its hash, so that links can be shared and a reload stays:
 * `#/requests?status=5xx`, `#/requests/4f2a91c0?tab=queries`.
 */

export type ViewName = "requests" | "routes" | "logs" | "metrics" | "profiles" | "compare" | "runs";

export interface Route {
  readonly view: ViewName;
  readonly id: string | undefined;
  readonly params: URLSearchParams;
}

const views: readonly ViewName[] = [
  ...(["requests", "routes", "logs", "metrics", "profiles", "compare", "runs"] as const),
];

const hash: Signal<string> = signal(location.hash);

/** The last hash of each list, to which Escape and the navigation return. */
const lastHash = new Map<ViewName, string>();

export const route: ReadonlySignal<Route> = computed(() => parseHash(hash.value));

export function startRouting(): void {
  remember();
  addEventListener("hashchange", () => {
    hash.value = location.hash;
    remember();
  });
}

function remember(): void {
  const { view, id } = parseHash(location.hash);
  if (id === undefined) lastHash.set(view, location.hash);
}

function parseHash(text: string): Route {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?", 2);
  const [name, id] = path.split("/", 2);
  const view = views.find((known) => known === name) ?? "requests";
  return {
    view,
    id: id === undefined || id === "" ? undefined : decode(id),
    params: new URLSearchParams(query),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type Params = Readonly<Record<string, string | undefined>>;

/** Returns the hash of a place. Parameters without a value are left out. */
export function hashOf(view: ViewName, id?: string, params: Params = {}): string {
  const given = Object.entries(params).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
  );
  const query = new URLSearchParams(given).toString();
  const path = id === undefined ? view : `${view}/${encodeURIComponent(id)}`;
  return query === "" ? `#/${path}` : `#/${path}?${query}`;
}

/** Returns the hash of a list as it was left. */
export function listHash(view: ViewName): string {
  return lastHash.get(view) ?? hashOf(view);
}

export function navigate(target: string): void {
  location.hash = target;
}

/** Changes parameters of the current place, without a new entry in the browser's history. */
export function setParams(changes: Params): void {
  const { view, id, params } = parseHash(location.hash);
  const target = hashOf(view, id, { ...Object.fromEntries(params), ...changes });
  history.replaceState(null, "", target);
  hash.value = target;
  remember();
}

/** Goes from a detail back to its list. */
export function goBack(): void {
  const { view, id } = route.value;
  if (id !== undefined) navigate(listHash(view === "profiles" ? "requests" : view));
}
