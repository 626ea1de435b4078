/** Runs work of telltale in a call of the app or of Node; reports what it throws. */
export function guarded<R>(
  { onInternalError }: { readonly onInternalError: (error: unknown) => void },
  work: () => R,
): R | undefined {
  try {
    return work();
  } catch (error) {
    onInternalError(error);
    return undefined;
  }
}
