/**
 * planecheck finds out whether a packet-forwarding data plane keeps its promises, and how fast it is.
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./properties/mod.ts";
