/**
 * What the parts of the path cost beyond the kernel's own, looked up once by name. The sums are published (CoNEXT
 * 2018, "The eXpress Data Path"); how they divide among the parts is the profile's assumption.
 */
import type { Env } from "../../core/stack.ts";

const NAMES = [
  "rx",
  "run",
  "insn",
  "helper",
  "pass",
  "generic",
  "tx",
  "tx_clean",
  "redirect",
  "devmap_xmit",
  "cpumap_enqueue",
  "cpumap_frame",
  "fib_lookup",
  "fib_read",
  "fib_read_far",
  "xsk_rcv",
  "xsk_copy",
  "xsk_tx",
  "xsk_app",
  "xsk_ring",
] as const;

/** Cycles of each part. */
export type XdpCosts = { readonly [name in typeof NAMES[number]]: number };

/**
 * The costs of a machine.
 * @throws {RangeError} when its profile lacks one
 */
export function xdpCosts(env: Pick<Env, "cost">): XdpCosts {
  return Object.fromEntries(NAMES.map((name) => [name, env.cost(`xdp.${name}`)])) as XdpCosts;
}
