/** Lcores, their contexts, interrupts, softirqs, NAPI and processes. */
export { Context, type Home } from "./context.ts";
export { type InterruptSink, Lcore } from "./lcore.ts";
export { Vector } from "./irq.ts";
export { Process, type ProcessCosts, processCosts } from "./process.ts";
export {
  IntrusiveList,
  type Listed,
  Napi,
  NAPI_POLL_WEIGHT,
  type NapiDriver,
  type SoftirqOptions,
  type SoftnetStat,
} from "./napi.ts";
export { type OutputWork, SOFTIRQ_PASSES_MAX, SOFTIRQ_USECS_MAX, Softnet } from "./softirq.ts";
