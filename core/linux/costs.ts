/**
 * What the parts of the path cost, looked up once by name so that a profile that lacks one is refused before
 * the first packet. The sums are what is published (CoNEXT 2018, "The eXpress Data Path": 2,070 cycles for a
 * forwarded packet, 750 for one dropped early); how they divide among the parts is the profile's assumption.
 */
import type { Env } from "../stack.ts";

/** Which kernel: today's, or one of the 2.6 era with a driver that copies. */
export type LinuxProfile = "modern" | "legacy";

/** Cycles of each part. */
export interface LinuxCosts {
  readonly irq: number;
  readonly irqEnable: number;
  readonly rx: number;
  readonly skbAlloc: number;
  readonly skbFree: number;
  /** Copying the frame into the skb: 0 where the skb is built around the page. */
  readonly copy: number;
  readonly netifReceive: number;
  readonly ipRcv: number;
  readonly fibBase: number;
  /** One dependent read of the trie: while the L2 cache holds it, and when it is larger. */
  readonly fibRead: number;
  readonly fibReadFar: number;
  readonly ipForward: number;
  readonly neigh: number;
  readonly qdisc: number;
  readonly xmit: number;
  readonly doorbell: number;
  readonly txClean: number;
  /** Copying a frame for a capture: once into its ring, once out. */
  readonly tapCopy: number;
}

/**
 * The costs of a kernel.
 * @throws {RangeError} when the machine's profile lacks one
 */
export function linuxCosts(env: Env, profile: LinuxProfile): LinuxCosts {
  const cost = (name: string): number => env.cost(`linux.${name}`);
  const legacy = profile === "legacy";
  return {
    irq: cost("irq"),
    irqEnable: cost("irq_enable"),
    rx: cost(legacy ? "legacy.rx" : "rx"),
    skbAlloc: cost(legacy ? "legacy.skb.alloc" : "skb.alloc"),
    skbFree: cost(legacy ? "legacy.skb.free" : "skb.free"),
    copy: legacy ? cost("legacy.copy") : 0,
    netifReceive: cost(legacy ? "legacy.netif_receive" : "netif_receive"),
    ipRcv: cost(legacy ? "legacy.ip_rcv" : "ip_rcv"),
    fibBase: cost("fib.base"),
    fibRead: cost("fib.read"),
    fibReadFar: cost("fib.read_far"),
    ipForward: cost("ip_forward"),
    neigh: cost("neigh"),
    qdisc: cost("qdisc"),
    xmit: cost("xmit"),
    doorbell: cost("doorbell"),
    txClean: cost("tx_clean"),
    tapCopy: cost("legacy.copy"),
  };
}
