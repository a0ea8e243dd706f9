/** Snabb: apps, links and an engine that breathes. */
export { snabb, SNABB_POLICY } from "./stack.ts";
export type { SnabbOptions } from "./options.ts";
