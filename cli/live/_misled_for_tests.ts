/** A kernel that forwards by another scenario than the one that it is judged by. */
import type { Scenario } from "../../core/mod.ts";
import { ipv4Fence } from "../../stacks/external/live/ipv4_fence.ts";
import { FORWARDING, KERNEL_POLICY, KernelTables } from "../../stacks/external/live/kernel.ts";
import { type LiveDevice, liveDevice } from "../../stacks/external/live/live_device.ts";
import { Rig } from "../../stacks/external/live/rig.ts";

/** The kernel on a bench of four ports, set up for what `mislead` makes of a scenario. */
export function misledKernel(mislead: (scenario: Scenario) => Scenario): LiveDevice {
  const rig = new Rig(4, FORWARDING);
  const tables = new KernelTables(rig);
  const fences = ipv4Fence();
  return liveDevice(rig, {
    name: "misled",
    policy: KERNEL_POLICY,
    configure: (scenario) => tables.configure(mislead(scenario), fences.choose(scenario)),
    fence: fences.frame,
  });
}
