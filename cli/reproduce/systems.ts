/** The systems of the paper's evaluation, each on the paper's machine. */
import type { MachineProfile, Stack } from "../../core/mod.ts";
import { flatten, type HostProfile, paperMachine } from "../../fixtures/mod.ts";
import { l3fwd, p2pnic } from "../../stacks/mod.ts";

/** Names as the paper has them; `Wr-fixed` forwards to a fixed port, without a look-up (figures 8a and 9a). */
export type SystemName = "Wr" | "Wr-fixed" | "Rd" | "Bn" | "L3FWD";

/** The systems of the paper's figures, in their order. */
export const COMPARED: readonly SystemName[] = ["Wr", "Rd", "Bn", "L3FWD"];

/** What is measured: a stack, its machine, and the sizes of its rings. */
export interface System {
  readonly machine: MachineProfile;
  readonly ports: number;
  readonly lcores: number;
  /** Descriptors of each receive and transmit ring. */
  readonly rings: number;
  /** Packets of each port's ingress buffer. */
  readonly ingress: number;
  /** Slots of each ordered pair of NICs. */
  readonly peerSlots: number;
  readonly mps: number;
  /** Delay of what lies outside the model, the same for every frame: added to each latency. */
  readonly constantNs: number;
  /** What the stack calls itself when it is this system. */
  readonly isIt: RegExp;
  stack(): Stack;
}

/** What stacks/p2pnic is asked for. */
const makeP2pnic: (
  options: { variant: "wr" | "rd" | "bn"; routing: boolean },
) => Stack = p2pnic;

const PORTS = 4;

/** A system by its name, on a host. */
export function systemOf(name: SystemName, host: HostProfile): System {
  const { nic, cpu, pcie, dpdk } = flatten(host);
  const common = {
    ports: PORTS,
    lcores: cpu.lcores,
    rings: nic.rxRing,
    ingress: nic.ingressPackets,
    peerSlots: nic.rxRing,
    mps: pcie.mpsBytes,
    constantNs: nic.constantNs,
  };
  if (name === "L3FWD") {
    return {
      ...common,
      machine: paperMachine(host),
      isIt: /l3fwd/,
      // the paper's burst of 8 (5); what a burst gathered is sent at its end, or 100 us of draining would be
      // the latency
      stack: () => l3fwd("strict", { rxBurst: dpdk.burst, txBurst: dpdk.burst, drainUs: 0 }),
    };
  }
  const variant = name === "Rd" ? "rd" : name === "Bn" ? "bn" : "wr";
  // firmware that spends the constant itself is not to be charged twice
  const spent = "p2pnic.pipeline" in paperMachine(host).costs;
  return {
    ...common,
    constantNs: spent ? 0 : common.constantNs,
    // a fixed port is a route whose look-up costs nothing
    machine: paperMachine(host, { routing: name !== "Wr-fixed" }),
    isIt: new RegExp(`p2pnic.*\\b${variant}\\b`, "i"),
    stack: () => makeP2pnic({ variant, routing: true }),
  };
}
