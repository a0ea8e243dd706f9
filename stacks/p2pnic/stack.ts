/**
 * P2PNIC: NICs forward to each other over the PCIe switch; no CPU and no host memory touches a packet
 * (Ueno, Nakamura, Kuga, Esaki, "A NIC-driven Architecture for High-speed IP Packet Forwarding on
 * General-purpose Servers", Journal of Information Processing 30, 2022).
 */
import type { Policy } from "../../core/policy.ts";
import { type Dataplane, type Env, type Stack, STRICT } from "../../core/stack.ts";
import { WrFirmware } from "./firmware.ts";
import { type P2pnicOptions, settingsOf } from "./options.ts";

/**
 * What P2PNIC declares: a route back to the ingress port has no ring.
 *
 * @example
 * ```ts
 * import { p2pnic, P2PNIC_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(p2pnic().policy, P2PNIC_POLICY);
 * ```
 */
export const P2PNIC_POLICY: Policy = { ...STRICT, hairpin: "drop" };

/**
 * The stack.
 * @throws {RangeError} naming an option that is none
 *
 * @example
 * ```ts
 * import { p2pnic } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(p2pnic().policy!.hairpin, "drop");
 * ```
 */
export function p2pnic(options: P2pnicOptions = {}): Stack {
  const { variant, routing } = settingsOf(options);
  const stack = (env: Env): Dataplane => {
    if (variant !== "wr" || !routing) {
      throw new RangeError(
        `Cannot boot p2pnic: variant ${variant} with routing ${routing} is not built`,
      );
    }
    const { nics, peers, peerSlots, nicBuffers } = env.hardware;
    peers.boot(nics, peerSlots, nicBuffers);
    const firmware = new WrFirmware(env);
    return { name: "p2pnic (Wr)", firmware, report: () => firmware.report() };
  };
  return Object.assign(stack, { policy: P2PNIC_POLICY });
}
