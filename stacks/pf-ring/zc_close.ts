/**
 * Closing channels (pfring_zc_close_device), and the kernel's interfaces going up behind it: the application stops to
 * read, the device is told to use no further descriptor, and when it is done with both rings their buffers go back and
 * the kernel's driver opens them.
 *
 * Source: PF_RING 8.9.0, drivers/intel/ixgbe/ixgbe-5.19.6-zc (the device goes back to the stack on close); Intel 82599
 * data sheet, 4.6.7.1 and 4.6.7.2.
 */
import type { Kernel } from "../../core/linux/kernel.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcChannelThread } from "./zc_apps.ts";
import type { ZcCluster } from "./zc_cluster.ts";
import type { ZcDevice } from "./zc_device.ts";

/** Microseconds between looks at rings that are not quiet yet. */
const LOOK_US = 5;

/** Starts what closes the channels at `atUs`; `onClosed` is told before the kernel's interfaces go up. */
export function startClosing(
  cluster: ZcCluster,
  threads: readonly ZcChannelThread[],
  devices: readonly ZcDevice[],
  kernel: Kernel,
  atUs: number,
  onClosed: () => void,
): void {
  const { env, pool } = cluster;
  const mhz = env.cost("mhz");
  let state: "open" | "closing" | "closed" = "open";
  const look = (cpu: Cpu): number => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    cpu.sleep();
    if (state === "closed") return 1;
    if (state === "open") {
      if (now < atUs * mhz) {
        cpu.wakeAt(atUs * mhz);
        return 1;
      }
      state = "closing";
      for (const thread of threads) thread.stopped = true;
      for (const device of devices) device.stop(cpu);
    }
    if (devices.some(({ isQuiet }) => !isQuiet)) {
      cpu.wakeAt(now + LOOK_US * mhz);
      return 1;
    }
    state = "closed";
    for (const device of devices) device.release(cpu, pool);
    onClosed();
    for (const q of kernel.vectors) q.up(cpu);
    return 1;
  };
  env.spawn(0, "thread", look);
}
