/**
 * The end of a process that had NICs open: they leave netmap mode and go back to the operating system. The device is
 * told to stop, and once it is done with the rings their buffers return to the region, and the driver
 * of the operating system starts on the same rings.
 *
 * Source: netmap sys/dev/netmap/netmap.c (netmap_do_unregif, netmap_hw_krings_delete),
 * LINUX/ixgbe_netmap_linux.h (ixgbe_netmap_reg: down, flags, up).
 */
import { Process } from "../../core/host/process.ts";
import { Skbs } from "../../core/linux/skb.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapFd } from "./fd.ts";
import type { NetmapHost } from "./host.ts";

/** Microseconds between two looks at whether the device is done. */
const LOOK_USECS = 10;

const WAIT = 0;
const STOPPED = 1;
const DONE = 2;

/** Closes descriptors at a time and gives all NICs back. */
export class Detach {
  readonly #env: Env;
  readonly #host: NetmapHost;
  readonly #process: Process;
  readonly #fds: readonly NetmapFd[];
  readonly #onExit: () => void;
  readonly #atTsc: number;
  #phase = WAIT;

  /** @param onExit called when the descriptors are closed: their process runs no more */
  constructor(
    env: Env,
    host: NetmapHost,
    fds: readonly NetmapFd[],
    atUs: number,
    onExit: () => void,
  ) {
    this.#env = env;
    this.#host = host;
    this.#fds = fds;
    this.#onExit = onExit;
    this.#atTsc = atUs * env.cost("mhz");
    this.#process = new Process(env, 0, host.costs.process, (cpu) => this.#run(cpu));
  }

  #run(cpu: Cpu): number {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    if (this.#phase === WAIT && now < this.#atTsc) this.#process.block(cpu, this.#atTsc);
    else if (this.#phase === WAIT) {
      this.#process.call(cpu);
      this.#onExit();
      for (const queue of this.#host.queues) queue.stop(cpu);
      this.#phase = STOPPED;
      this.#process.block(cpu, now + LOOK_USECS * this.#env.cost("mhz"));
    } else if (!this.#host.queues.every(({ quiet }) => quiet)) {
      this.#process.block(cpu, now + LOOK_USECS * this.#env.cost("mhz"));
    } else {
      if (this.#phase === STOPPED) this.#giveBack(cpu);
      this.#phase = DONE;
      this.#process.block(cpu);
    }
    return 1;
  }

  #giveBack(cpu: Cpu): void {
    const { queues, ports, os, osLcores, settings, kernel } = this.#host;
    for (const queue of queues) queue.release(cpu, kernel.place);
    for (const fd of this.#fds) fd.close();
    for (const port of ports) port.destroy();
    this.#host.detached = true;
    if (os === null) return;
    for (const queue of queues) {
      const lcore = osLcores[queue.queue]!;
      const skbs = new Skbs(this.#env.memory, this.#env.pool, lcore.costs, false);
      const driver = queue.makeDriver(lcore, skbs, os, settings.itrUs);
      // one queue sends what the host has to say
      if (queue.queue === 0) {
        os.transmit[queue.port] = (cpu, skb) => {
          if (!driver.tx.xmit(cpu, skb, false)) this.#env.pool.put(cpu.lcore, skb);
        };
      }
      driver.up(cpu);
    }
  }
}
