/** The geometry on which the command runs a stack. */
import type { Geometry } from "../core/mod.ts";
import { flatten, type HostProfile } from "../fixtures/mod.ts";
import { PORTS } from "./inputs.ts";
import type { StackEntry } from "./stacks.ts";

/** Sizes as the systems themselves set them; credits and buffers of the host's profile. */
export function geometryOf(
  entry: StackEntry,
  host: HostProfile,
  { lcores, fidelity }: Pick<Geometry, "lcores" | "fidelity">,
): Geometry {
  const { nic, pcie } = flatten(host);
  return {
    ports: PORTS,
    lcores,
    rxRing: entry.ring,
    txRing: entry.ring,
    ingress: nic.ingressPackets,
    // MEMPOOL_CACHE_SIZE of examples/l3fwd
    poolCache: 256,
    spareBuffers: 1024,
    peerSlots: 512,
    fidelity,
    headerCredits: pcie.postedHeaderCredits,
    dataCredits: pcie.postedDataCredits,
    mps: pcie.mpsBytes,
  };
}
