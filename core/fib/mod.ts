export * from "./create.ts";
export * from "./dir24_8.ts";
export * from "./fib.ts";
export * from "./linear.ts";
export { NEXT_HOP_MAX } from "./route.ts";
