/** Limiters that the library has created for an object of its own. */
const inner = new WeakSet<object>();

/** The primaries of clusters: each has the limiters of its workers by prefix. */
const masters = new Set<ClusterMaster>();

export interface ClusterMaster {
  readonly _rateLimiters?: Readonly<Record<string, object>>;
}

export function addInnerLimiter(limiter: object): void {
  inner.add(limiter);
}

export function addClusterMaster(master: ClusterMaster): void {
  masters.add(master);
}

/** Whether another object, or another process, records the rejections of a limiter. */
export function isInnerLimiter(limiter: object): boolean {
  if (inner.has(limiter)) return true;
  return [...masters].some(({ _rateLimiters: limiters = {} }) =>
    Object.values(limiters).includes(limiter),
  );
}
