/** A device on a bench of veth pairs as a DeviceUnderTest: what differs is how it is set up for a scenario. */
import type { DeviceUnderTest, Evidence, Scenario } from "../../../core/machine/device.ts";
import { Observation } from "../../../core/machine/observation.ts";
import type { Policy } from "../../../core/policy.ts";
import { observe } from "../observe.ts";
import type { FenceFrame } from "./fence.ts";
import type { Exchange } from "./exchange.ts";

const OFFERS: ReadonlySet<Evidence> = new Set(["frames", "fates"]);

/** What stands on the bench. */
export interface Occupant {
  /** Name in reports. */
  readonly name: string;
  /** What it declares. */
  readonly policy: Policy;
  /** Sets the device up for a scenario; answers whether frames that cross it have to look otherwise now. */
  configure(scenario: Scenario): boolean;
  /** A frame that it forwards from one port to another, as it is set up. */
  readonly fence: FenceFrame;
  /** Whether it says things to groups of its own accord (ARP, IGMP, LLDP), which are then nobody's packets; false. */
  readonly ignoresGroups?: boolean;
  /** What a run costs, in events of a simulated machine; 0. Whoever looks for small counterexamples stops by it. */
  readonly events?: number;
  /** Ends it; the bench is taken down afterwards. */
  close?(): void;
}

/** What a device stands on: a bench, or interfaces that somebody gave. */
export interface Stand {
  readonly ports: number;
  readonly exchange: Exchange;
  close(): void;
}

/** A device whose namespaces and processes last until it is closed. */
export interface LiveDevice extends DeviceUnderTest {
  /** Takes the device and its bench down. */
  close(): void;
}

/** A device on its bench. */
export function liveDevice(rig: Stand, occupant: Occupant): LiveDevice {
  const observation = new Observation();
  const { name, policy, events = 0, ignoresGroups = false } = occupant;
  return {
    name,
    policy,
    offers: OFFERS,
    run(scenario: Scenario): Observation {
      const { ports } = scenario.geometry;
      if (ports > rig.ports) {
        throw new RangeError(`Cannot run ${name}: ${ports} ports, and the bench has ${rig.ports}`);
      }
      if (occupant.configure(scenario)) rig.exchange.forgetFences();
      const sent = rig.exchange.run(scenario.traffic, ports, occupant.fence);
      observation.events = events;
      return observe(observation, name, policy, scenario, sent, ignoresGroups);
    },
    close(): void {
      occupant.close?.();
      rig.close();
    },
  };
}
