/**
 * poll(2) on several netmap descriptors. The kernel asks one after the other; each is a body of its own, so that an
 * interrupt can come in between. When none has anything the process blocks, unless one of the wait queues that it has
 * entered has told it of something meanwhile: then the kernel asks again.
 *
 * Source: Linux fs/select.c, do_poll and poll_schedule_timeout (pwq->triggered).
 */
import type { Process } from "../../core/host/process.ts";
import type { Cpu } from "../../core/stack.ts";
import type { NetmapFd } from "./fd.ts";
import type { Waiter } from "./wait_queue.ts";

/** A process's poll. */
export class PollCall implements Waiter {
  /** What is asked of each descriptor, and what it has answered. */
  readonly events: Uint8Array;
  readonly revents: Uint8Array;
  /** Times that the process went to sleep in it. */
  sleeps = 0;
  /** Calls that ended. */
  returns = 0;
  readonly #fds: readonly NetmapFd[];
  #process!: Process;
  #inKernel = false;
  #at = 0;
  #ready = false;
  #triggered = false;
  /** The descriptor has moved slots of a software ring and makes them known in the next body. */
  #moved = false;

  constructor(fds: readonly NetmapFd[]) {
    this.#fds = fds;
    this.events = new Uint8Array(fds.length);
    this.revents = new Uint8Array(fds.length);
  }

  /** The process that calls it. */
  by(process: Process): void {
    this.#process = process;
  }

  /** Asks one descriptor; answers whether the call is over. */
  step(cpu: Cpu): boolean {
    if (!this.#inKernel) {
      this.#inKernel = true;
      this.#process.call(cpu);
      this.#at = 0;
    }
    if (this.#at === 0 && !this.#moved) this.#ready = this.#triggered = false;
    const fd = this.#fds[this.#at]!;
    if (this.#moved) {
      this.#moved = false;
      fd.publish(cpu);
      this.#at++;
    } else {
      const revents = this.revents[this.#at] = fd.poll(cpu, this.events[this.#at]!, this);
      if (revents !== 0) this.#ready = true;
      this.#moved = fd.unpublished;
      if (!this.#moved) this.#at++;
    }
    if (this.#at < this.#fds.length) return false;
    this.#at = 0;
    if (this.#ready) {
      this.#inKernel = false;
      this.returns++;
      for (const fd of this.#fds) fd.forget(this);
      return true;
    }
    if (!this.#triggered) {
      this.sleeps++;
      this.#process.block(cpu);
    }
    return false;
  }

  /** One of the rings has something to tell. */
  woken(cpu: Cpu): void {
    this.#triggered = true;
    this.#process.wake(cpu);
  }
}
