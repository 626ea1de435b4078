/** The parts of Express's `Layer` that are used, for all versions. */
export interface LayerLike {
  /** In Express 4 and router 1. */
  readonly handle_request?: unknown;
  readonly handleRequest?: unknown;
  /** The path that matched, in versions where `match` returns a boolean. */
  readonly path?: string;
  readonly handle?: { readonly name: string; readonly length: number };
  /** Absent on layers within a route. */
  readonly route?: unknown;
  match(path: string): boolean | { readonly path: string };
}

export interface LayerOptions {
  readonly sensitive: boolean | undefined;
  readonly strict: boolean | undefined;
  readonly end: boolean;
}

type LayerClass = new (path: unknown, options: LayerOptions, handle: () => void) => LayerLike;

/**
 * The paths of `use(["/a", "/b"], …)` or `get(["/a", "/b"], …)`, each in a layer
 * of Express's own class, so that the same code that matched a request determines
 * its path.
 */
export class PathAlternatives {
  readonly #paths: readonly { readonly path: unknown; readonly layer: LayerLike }[];

  constructor(layer: LayerLike, paths: readonly unknown[], options: LayerOptions) {
    const Layer = layer.constructor as LayerClass;
    this.#paths = paths.flat(Infinity).map((path) => ({
      path,
      layer: new Layer(path, options, noop),
    }));
  }

  /** Returns the first path, a string or a regular expression, that matches the path of `url`. */
  findMatch(url: string | undefined): unknown {
    if (url === undefined) return undefined;
    const path = pathOf(url);
    return this.#paths.find(({ layer }) => matchedPath(layer, path) !== undefined)?.path;
  }

  /**
   * Returns the first path that matches the end of `baseUrl`, which begins with
   * the paths of outer mounts.
   */
  findSuffixMatch(baseUrl: string | undefined): unknown {
    if (baseUrl === undefined) return undefined;
    let from = 0;
    do {
      const end = baseUrl.slice(from);
      const found = this.#paths.find(({ layer }) => matchedPath(layer, end) === end);
      if (found !== undefined) return found.path;
      from = baseUrl.indexOf("/", from + 1);
    } while (from !== -1);
    return undefined;
  }
}

function noop(): void {}

/**
 * Returns the part of `path` that the layer matches; undefined for a path that
 * cannot be decoded.
 */
function matchedPath(layer: LayerLike, path: string): string | undefined {
  try {
    const match = layer.match(path);
    if (match === false) return undefined;
    return match === true ? layer.path : match.path;
  } catch {
    return undefined;
  }
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const target = end === -1 ? url : url.slice(0, end);
  return target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
}
