/** Enough for a secret that a caller can't guess. */
export const MIN_SECRET_LENGTH = 16;
