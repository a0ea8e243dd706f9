/**
 * Receive mitigation of emulated mode: a notification starts a timer, and those that come while it runs are told
 * together when it fires, which starts it anew; when it fires and nothing came it stops.
 *
 * Source: netmap LINUX/netmap_linux.c, generic_timer_handler; sys/dev/netmap/netmap_generic.c, netmap_generic_irq.
 */
import type { Cpu, Env } from "../../core/stack.ts";

/** The timer of one receive ring. */
export class Mitigation {
  /** Notifications passed on, and those that waited for the timer. */
  told = 0;
  held = 0;
  onNotify: (cpu: Cpu) => void = () => {};
  readonly #timer: Cpu;
  readonly #cycles: number;
  #running = false;
  #pending = false;

  /** @param ns interval [dev.netmap.generic_mit]; 0 for none */
  constructor(env: Env, lcore: number, ns: number) {
    this.#cycles = Math.round((ns * env.cost("mhz")) / 1000);
    this.#timer = env.spawn(lcore, "softirq", (cpu) => this.#fire(cpu));
  }

  /** Something has arrived. */
  irq(cpu: Cpu): void {
    if (this.#running) {
      this.#pending = true;
      this.held++;
      return;
    }
    this.#tell(cpu);
    if (this.#cycles === 0) return;
    this.#running = true;
    cpu.wake(this.#timer);
  }

  /** Woken to be set, or by the time that has come. */
  #fire(cpu: Cpu): number {
    if (this.#due < 0) this.#due = cpu.tsc() + this.#cycles;
    else if (cpu.tsc() + 1 >= this.#due) {
      this.#due = -1;
      if (this.#pending) {
        this.#pending = false;
        this.#tell(cpu);
        this.#due = cpu.tsc() + this.#cycles;
      } else this.#running = false;
    }
    if (this.#due >= 0) cpu.wakeAt(this.#due);
    cpu.sleep();
    return 1;
  }

  #due = -1;

  #tell(cpu: Cpu): void {
    this.told++;
    this.onNotify(cpu);
  }
}
