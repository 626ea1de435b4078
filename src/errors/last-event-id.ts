/** The used part of a Sentry scope of any version from 8 on. */
interface EventIdScope {
  setLastEventId(id: string | undefined): void;
}

/**
 * Makes `outer` also record the ids of the events of `inner`, as with Sentry's
 * `withScope`, which has no isolation scope for its callback.
 */
export function forwardLastEventId(inner: EventIdScope, outer: EventIdScope): void {
  const setLastEventId = inner.setLastEventId.bind(inner);
  inner.setLastEventId = (id) => {
    setLastEventId(id);
    outer.setLastEventId(id);
  };
}
