/** Snabb: apps joined by links, and an engine that breathes. */
export { snabb, SNABB_POLICY } from "./stack.ts";
export type { SnabbOptions } from "./options.ts";
export { type AppArg, type AppClass, type ConfigKey, type Links, SnabbApp } from "./app.ts";
export { SNABB_APPS } from "./apps/mod.ts";
export {
  type AppInfo as SnabbAppInfo,
  config as snabbConfig,
  type LinkSpec as SnabbLinkSpec,
  type SnabbConfig,
  type SnabbConfigModule,
} from "./config.ts";
export type { Counter as SnabbCounter } from "./counter.ts";
export { snabbDesigns } from "./designs.ts";
export type { Link as SnabbLink, LinkCheck as SnabbLinkCheck } from "./link.ts";
export type {
  MainOptions as SnabbMainOptions,
  SnabbEngine,
  SnabbLinkModule,
  SnabbModules,
  SnabbPackets,
  SnabbTimers,
} from "./modules.ts";
export type { Timer as SnabbTimer } from "./timer.ts";
export { SNABB_VIEWS, type SnabbView, snabbView } from "./views.ts";
