/** The hardware below a stack, for stacks that are about it. */
import type { Fabric } from "../pcie/fabric.ts";
import type { HostRings } from "../nic/host_rings.ts";
import type { Nic } from "../nic/nic.ts";
import type { PeerRings } from "../nic/peer_rings.ts";

/** NICs of the machine. Touching `queues` or `boot` decides what drives them. */
export interface Hardware {
  /** One for each port, by its number. */
  readonly nics: readonly Nic[];
  /** Rings between NICs; `boot` sets them up. */
  readonly peers: PeerRings;
  /** What connects them, in the fidelity of this run. */
  readonly fabric: Fabric;
  /** Rings between NICs by way of host memory; `boot` sets them up. */
  readonly hostRings: HostRings;
  /** Packet buffers that a NIC's own memory has for frames of its peers. */
  readonly nicBuffers: number;
  /** Slots for each ordered pair of NICs in this geometry. */
  readonly peerSlots: number;
}
