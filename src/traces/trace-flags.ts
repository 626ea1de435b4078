/** Trace flags of W3C trace-context level 2; all other bits are written as zero. */
export const SAMPLED_FLAG = 0x01;
/** The trace id was generated at random. */
export const RANDOM_FLAG = 0x02;
