/** Requests at a constant rate, until they are stopped. */
export interface Load {
  stop(): Promise<void>;
}

/** How long a user waits. */
const PATIENCE_MS = 5000;
/** Different ends of the path, so that caches have several entries. */
const PATHS = 10;

/**
 * Requests `url` with a number at its end. The rate does not depend on the responses: users come,
 * however slow the service is. A request that fails is part of the load.
 */
export function startLoad(url: string, perSecond: number): Load {
  const running = new Set<Promise<void>>();
  const end = new AbortController();
  let count = 0;
  const timer = setInterval(() => {
    count++;
    const sent = request(`${url}${count % PATHS}`, end.signal);
    running.add(sent);
    void sent.finally(() => running.delete(sent));
  }, 1000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      end.abort();
      await Promise.all(running);
    },
  };
}

async function request(url: string, end: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([end, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
  } catch {
    // The service is down, or did not respond in time.
  }
}
