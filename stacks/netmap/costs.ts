/** What netmap's parts cost, looked up once by name so that a profile that lacks one is refused at boot. */
import type { BorderCosts } from "./csb.ts";
import type { PipeCosts } from "./pipe.ts";
import type { ValeCosts } from "./vale.ts";
import type { VirtioCosts } from "./virtio.ts";
import { type ProcessCosts, processCosts } from "../../core/host/process.ts";
import type { Env } from "../../core/stack.ts";

/** Cycles of each part. */
export interface NetmapCosts extends ValeCosts, PipeCosts, BorderCosts, VirtioCosts {
  /** System calls and context switches. */
  readonly process: ProcessCosts;
  /** One ring in a sync: busy bit, prologue, finalize. */
  readonly sync: number;
  /** One descriptor in poll: the look at its rings without a lock. */
  readonly pollFd: number;
  /** A slot of a transmit ring into a descriptor. */
  readonly txSlot: number;
  /** A received descriptor into a slot, and a slot back to the device. */
  readonly rxImport: number;
  readonly rxRelease: number;
  /** A write to a tail register. */
  readonly doorbell: number;
  /** The look at what was reported as sent. */
  readonly reclaim: number;
  /** The interrupt handler, which only wakes, and the unmasking at its end. */
  readonly irq: number;
  readonly irqEnable: number;
  /** An application at one slot: counting it, or making it ready (pkt-gen); exchanging two buffers (bridge). */
  readonly appSlot: number;
  readonly appSwap: number;
  /** Look-up and rewriting of a packet. */
  readonly route: number;
}

/**
 * The costs of a machine.
 * @throws {RangeError} when its profile lacks one
 */
export function netmapCosts(env: Pick<Env, "cost">): NetmapCosts {
  const cost = (name: string): number => env.cost(`netmap.${name}`);
  return {
    process: processCosts(env),
    sync: cost("sync"),
    pollFd: cost("pollFd"),
    txSlot: cost("txSlot"),
    rxImport: cost("rxImport"),
    rxRelease: cost("rxRelease"),
    doorbell: cost("doorbell"),
    reclaim: cost("reclaim"),
    irq: cost("irq"),
    irqEnable: cost("irqEnable"),
    appSlot: cost("appSlot"),
    appSwap: cost("appSwap"),
    route: cost("route"),
    copy: cost("copy"),
    copyLine: cost("copyLine"),
    valePacket: cost("valePacket"),
    valeLease: cost("valeLease"),
    pipeSlot: cost("pipeSlot"),
    pipeNotify: cost("pipeNotify"),
    csb: cost("csb"),
    vmExit: cost("vmExit"),
    inject: cost("inject"),
    vringGuest: cost("vringGuest"),
    vringHost: cost("vringHost"),
  };
}
