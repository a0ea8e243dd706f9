/** Where GPU and CPU cross: out of the costs of a machine alone, for IPv6 look-ups of seven probes. */
import type { Costs } from "../../core/stack.ts";
import { ipv6Kernel } from "./app_ipv6.ts";
import { Gpu } from "./gpu.ts";

/** Probes of an address in a table of 127 lengths. */
const PROBES = 7;
/** A batch that is all throughput. */
const MANY = 1_000_000;

/** What the GPU is worth beside some cores. */
export interface PsCrossover {
  /** Addresses of a batch from which on the GPU is the faster one. */
  readonly addresses: number;
  /** How many times as many addresses it looks up as these cores, at its peak. */
  readonly peak: number;
}

/**
 * The crossover of GPU and so many cores in IPv6 look-ups. O(addresses).
 *
 * @example
 * ```ts
 * import { packetshaderMachine } from "@planecheck/planecheck/fixtures";
 * import { psCrossover } from "@planecheck/planecheck/stacks";
 * import { assert } from "@std/assert";
 *
 * const { costs } = packetshaderMachine();
 * assert(psCrossover(costs, 8).addresses > psCrossover(costs, 4).addresses);
 * ```
 */
export function psCrossover(costs: Costs, cores: number): PsCrossover {
  const env = { cost: (name: string): number => costs[name]! };
  const kernel = ipv6Kernel(env);
  const gpu = new Gpu(env, kernel, 1, false);
  const coresNs = kernel.cpuCycles(PROBES) * 1000 / env.cost("mhz") / cores;
  let addresses = 1;
  while (gpu.batchNs(addresses, PROBES) > addresses * coresNs) addresses++;
  return { addresses, peak: MANY * coresNs / gpu.batchNs(MANY, PROBES) };
}
