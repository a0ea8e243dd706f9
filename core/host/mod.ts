/** Lcores, their contexts, interrupts. */
export { Context, type Home } from "./context.ts";
export { type InterruptSink, Lcore } from "./lcore.ts";
export { Vector } from "./irq.ts";
