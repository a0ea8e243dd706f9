/** How large a machine has to be for a scenario. */
import type { Maxima } from "../nic/nic.ts";
import type { Geometry } from "./device.ts";
import type { MachineProfile } from "./profile.ts";

/** The largest sizes of a scenario, unless a machine is built for others. */
export const SCENARIO_MAXIMA: Maxima = {
  ports: 4,
  lcores: 4,
  ring: 4096,
  ingress: 1024,
  buffers: 8192,
};

/**
 * Sizes that hold every scenario that the property runs draw: such a machine is built in a third of the time.
 * Ports and lcores are those of the larger one, so that clock handlers have the same numbers on both.
 */
export const DRAWN_MAXIMA: Maxima = { ...SCENARIO_MAXIMA, ring: 64, ingress: 64, buffers: 3072 };

/** Buffers that an lcore may hold between rings: a burst being worked on, and one of each port gathered. */
const HELD_BY_LCORE = 64;

/** Buffers of the mempool: every descriptor, every cache, what lcores hold, and those to spare. */
export function poolSize(g: Geometry): number {
  return g.ports * g.lcores * (g.rxRing + g.txRing) +
    g.lcores * (HELD_BY_LCORE * (1 + g.ports) + g.poolCache * 2) + g.spareBuffers;
}

/**
 * The smallest machine for a scenario of this geometry, whether its NICs are driven by the host (pool, transmit
 * FIFOs) or forward to each other (slots for each peer).
 *
 * @example
 * ```ts
 * import { Machine, maximaFor } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const profile = machineProfile(paperHost);
 * const machine = new Machine(profile, maximaFor(PLAIN_GEOMETRY, profile));
 * assertEquals([machine.nics.length, machine.maxima.ring], [2, 64]);
 * ```
 */
export function maximaFor(g: Geometry, profile: MachineProfile): Maxima {
  const { ports, lcores, ingress } = g;
  return {
    ports,
    lcores,
    ring: Math.max(g.rxRing, g.txRing, g.peerSlots),
    ingress,
    buffers: poolSize(g) + ports * (ingress + profile.txFifo + (ports - 1) * g.peerSlots),
  };
}

/** Whether a machine of these sizes is large enough for one of `needed`. */
export function holds(sizes: Maxima, needed: Maxima): boolean {
  return needed.ports <= sizes.ports && needed.lcores <= sizes.lcores &&
    needed.ring <= sizes.ring && needed.ingress <= sizes.ingress && needed.buffers <= sizes.buffers;
}
