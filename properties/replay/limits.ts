/** Most steps of a part's scenario that a token may hold: far beyond what is drawn. */
export const STEPS_MAX = 10_000;
