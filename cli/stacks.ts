/** The stacks that the command knows, by the names that `--stacks` takes. */
import type { Stack } from "../core/mod.ts";
import {
  afXdp,
  l3fwd,
  linuxNapi,
  netmap,
  odp,
  p2pnic,
  packetshader,
  pfRing,
  pfRingZc,
  snabb,
  vpp,
  xdp,
} from "../stacks/mod.ts";

/** One stack of the command line. */
export interface StackEntry {
  /** What `--stacks` calls it. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly about: string;
  /** Whether it is compared when no stacks are named. */
  readonly byDefault: boolean;
  /** Descriptors of each receive and each transmit ring, as the system itself sets them by default. */
  readonly ring: number;
  /** Makes it anew. */
  create(): Stack;
}

/** Every stack, in the order in which reports show them. */
export const STACKS: readonly StackEntry[] = [
  {
    name: "linux-napi",
    about: "the kernel's IPv4 forwarding path with NAPI over an ixgbe",
    byDefault: true,
    // IXGBE_DEFAULT_RXD and IXGBE_DEFAULT_TXD
    ring: 512,
    create: () => linuxNapi(),
  },
  {
    name: "dpdk",
    about: "DPDK l3fwd with LPM, RFC 1812 in its loop",
    byDefault: true,
    // RX_DESC_DEFAULT and TX_DESC_DEFAULT of examples/l3fwd
    ring: 1024,
    create: () => l3fwd("strict"),
  },
  {
    name: "dpdk-faithful",
    about: "DPDK l3fwd with LPM as the example is written: no TTL or checksum check",
    byDefault: false,
    ring: 1024,
    create: () => l3fwd("faithful"),
  },
  {
    name: "odp",
    about: "OpenDataPlane l3fwd: dpdk interfaces, atomic queues and the scheduler",
    byDefault: false,
    // pktio_dpdk.num_rx_desc and num_tx_desc
    ring: 1024,
    create: () => odp(),
  },
  {
    name: "netmap",
    about: "a router on netmap rings: bridge's loop with a look-up, poll and swapped buffers",
    byDefault: false,
    // IXGBE_DEFAULT_RXD and IXGBE_DEFAULT_TXD
    ring: 512,
    create: () => netmap(),
  },
  {
    name: "p2pnic",
    about: "P2PNIC (Wr): NICs write to each other over the PCIe switch",
    byDefault: true,
    // Its rings are sized by the slots of each pair; a host ring is never set up.
    ring: 1024,
    create: () => p2pnic(),
  },
  {
    name: "p2pnic-rd",
    about: "P2PNIC (Rd): NICs read from each other over the PCIe switch",
    byDefault: false,
    ring: 1024,
    create: () => p2pnic({ variant: "rd" }),
  },
  {
    name: "p2pnic-bn",
    about: "P2PNIC (Bn): the same firmware by way of host memory and CPU",
    byDefault: false,
    ring: 1024,
    create: () => p2pnic({ variant: "bn" }),
  },
  {
    name: "packetshader",
    about: "PacketShader: chunks, workers and a master, look-ups on a GPU",
    byDefault: false,
    // IXGBE_DEFAULT_RXD and IXGBE_DEFAULT_TXD of ps_ixgbe, the most that it takes
    ring: 4096,
    // a table of 2^24 entries is 64 MiB, which runs by the thousand need not touch
    create: () => packetshader({ firstBits: 16 }),
  },
  {
    name: "pf-ring",
    about: "PF_RING: the kernel copies into mapped rings, a process routes and sends",
    byDefault: false,
    ring: 512,
    create: () => pfRing(),
  },
  {
    name: "pf-ring-zc",
    about: "PF_RING ZC: a process routes on mapped descriptor rings, buffers are exchanged",
    byDefault: false,
    // num_rx_slots of the ZC driver is 32768; the 82599's own limit is 4096
    ring: 4096,
    create: () => pfRingZc(),
  },
  {
    name: "snabb",
    about: "Snabb: Intel apps around a router app, a process for each lcore",
    byDefault: false,
    // ring_buffer_size of apps/intel_mp
    ring: 2048,
    create: () => snabb(),
  },
  {
    name: "vpp",
    about: "FD.io VPP: the IPv4 graph over DPDK ports",
    byDefault: false,
    // dpdk { dev default { num-rx-desc 1024 num-tx-desc 1024 } }
    ring: 1024,
    create: () => vpp(),
  },
  {
    name: "xdp",
    about: "eBPF byte code before the skb: a router by bpf_fib_lookup and a devmap",
    byDefault: false,
    ring: 512,
    create: () => xdp(),
  },
  {
    name: "af_xdp",
    about: "AF_XDP in zero-copy mode: a process that forwards between paired ports",
    byDefault: false,
    ring: 512,
    create: () => afXdp({ mode: "zerocopy" }),
  },
];

/** The names of all stacks. */
export const STACK_NAMES: readonly string[] = STACKS.map((entry) => entry.name);

/**
 * The stack of a name.
 * @throws {RangeError} when there is none
 */
export function stackNamed(name: string): StackEntry {
  const found = STACKS.find((entry) => entry.name === name);
  if (found === undefined) {
    throw new RangeError(`Cannot find stack "${name}": not one of ${STACK_NAMES.join(", ")}`);
  }
  return found;
}
