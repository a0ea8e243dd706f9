/**
 * A worker's loop, after odp_l2fwd: get a burst, work on it, send it. With the scheduler each step is a body of its
 * own: a call of odp_schedule_multi and the work on what it gave; then a send for each interface that some of it
 * leaves by, which waits for its turn (ordered) and for the lock of the pktout queue. So what a thread looks at in
 * a step is as it was when the step began. Without the scheduler nobody shares a queue, and a burst is one body.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { App } from "./apps.ts";
import type { Odp, OdpThread } from "./odp.ts";
import type { Pktio } from "./pktio.ts";
import type { OdpQueue } from "./queue.ts";

/** One worker. */
export class Worker {
  /** Packets received and sent, and those that an interface refused (odp_l2fwd's stats_t). */
  rxPackets = 0;
  txPackets = 0;
  txDrops = 0;
  readonly #odp: Odp;
  readonly #app: App;
  readonly #burst: Int32Array;
  /** What is to be sent on each interface, as many slots as a burst has for each, and how many are filled. */
  readonly #out: Int32Array;
  readonly #counts: Int32Array;
  #left = 0;

  constructor(odp: Odp, app: App) {
    const { burst } = odp.settings;
    this.#odp = odp;
    this.#app = app;
    this.#burst = new Int32Array(burst);
    this.#out = new Int32Array(odp.pktios.length * burst);
    this.#counts = new Int32Array(odp.pktios.length);
  }

  /** Packets that it has worked on and not yet sent. */
  get holding(): number[] {
    const { length } = this.#burst;
    return [...this.#counts].flatMap((n, egress) => [
      ...this.#out.subarray(egress * length, egress * length + n),
    ]);
  }

  /** A step of the loop with the scheduler (run_worker_sched_mode). */
  schedule(cpu: Cpu, thread: OdpThread): number {
    const { scheduler } = this.#odp;
    if (this.#left > 0) return this.#sendNext(cpu, thread);
    const n = scheduler.schedule(cpu, thread.local, this.#burst, this.#burst.length);
    if (n === 0) return scheduler.moved;
    this.#work(cpu, n, thread.local.from!);
    return n;
  }

  /** A burst without it (run_worker_direct_mode). */
  direct(cpu: Cpu, pktio: Pktio, queue: number): number {
    const n = pktio.pktinRecv(cpu, queue, this.#burst, this.#burst.length);
    if (n > 0) this.#finish(cpu, n, null);
    return pktio.received;
  }

  /** A burst of a plain event queue, which polls its interface when it is empty (run_worker_plain_queue_mode). */
  plain(cpu: Cpu, queue: OdpQueue): number {
    const { costs } = this.#odp;
    const burst = this.#burst;
    cpu.charge(costs["queue.burst"]);
    const n = queue.pktin!.pktinRecv(cpu, queue.pktinQueue, burst, burst.length);
    cpu.charge(n * costs["queue.event"]);
    if (n > 0) this.#finish(cpu, n, queue);
    return queue.pktin!.received;
  }

  #finish(cpu: Cpu, n: number, from: OdpQueue | null): void {
    this.#work(cpu, n, from);
    for (let egress = 0; this.#left > 0; egress++) {
      while (this.#counts[egress]! > 0) this.#send(cpu, egress);
    }
  }

  #work(cpu: Cpu, n: number, from: OdpQueue | null): void {
    this.rxPackets += n;
    const burst = this.#burst;
    const good = this.#app.process(cpu, burst, n, from === null ? "forward" : from.param.action);
    const { egress } = this.#app;
    for (let i = 0; i < good; i++) {
      const to = egress[i]!;
      this.#out[to * burst.length + this.#counts[to]!++] = burst[i]!;
    }
    this.#left = good;
  }

  #sendNext(cpu: Cpu, thread: OdpThread): number {
    const { scheduler, witness } = this.#odp;
    if (!scheduler.contexts.inTurn(cpu, thread.local)) return 0;
    let egress = 0;
    while (this.#counts[egress] === 0) egress++;
    const ps = (cpu as Context).nowPs;
    if (this.#send(cpu, egress)) witness.out(thread.local, ps);
    return 1;
  }

  /** Sends what waits for an interface; false when another thread is at it. */
  #send(cpu: Cpu, egress: number): boolean {
    const { settings, costs, pktios, tm } = this.#odp;
    const out = this.#out;
    const at = egress * this.#burst.length;
    const n = this.#counts[egress]!;
    const pktio = pktios[egress]!;
    const manager = tm[egress];
    let sent: number;
    if (manager !== undefined) sent = manager.enqueue(cpu, out, at, n);
    else {
      // a thread's own queue, or with the scheduler the one that keeps the order of all threads
      const queue = pktio.pktout.length > 1 ? cpu.lcore : 0;
      if (settings.output === "queue") cpu.charge(costs["queue.burst"] + n * costs["queue.event"]);
      sent = pktio.pktoutSend(cpu, queue, out, at, n);
      if (sent < 0) return false;
      if (sent < n) pktio.giveUp(cpu, out, at + sent, n - sent);
    }
    this.txPackets += sent;
    this.txDrops += n - sent;
    this.#left -= n;
    this.#counts[egress] = 0;
    return true;
  }
}
