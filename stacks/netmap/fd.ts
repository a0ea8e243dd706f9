/**
 * An open netmap port: what a file descriptor of /dev/netmap is bound to (struct netmap_priv_d), and the three
 * system calls that synchronise its rings.
 *
 * NIOCTXSYNC and NIOCRXSYNC synchronise all rings of one direction, with what was sent reclaimed and arrivals looked
 * for whatever the interrupt said. poll synchronises only what it has to: transmit rings that have something to send
 * (unless NR_NO_TX_POLL), or all of them when the caller waits for room and none has any; receive rings when the
 * caller waits for packets and none has any. Who finds nothing enters the wait queue of its rings and looks a second
 * time, so that what came in between is not missed.
 *
 * Source: netmap sys/dev/netmap/netmap.c, netmap_ioctl and netmap_poll; poll(2).
 */
import type { Cpu } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import { NAF_FORCE_READ, NAF_FORCE_RECLAIM, type NetmapKring, NKR_EXCLUSIVE } from "./kring.ts";
import type { Waiter } from "./wait_queue.ts";

/** There are packets to read. */
export const POLLIN = 1;
/** There is room to write. */
export const POLLOUT = 4;
/** A ring was put right, or a slot was bad. */
export const POLLERR = 8;

/** How a port is opened (NIOCREGIF). */
export interface OpenFlags {
  /** Nobody else may open the same rings (NR_EXCLUSIVE). */
  readonly exclusive?: boolean;
  /** poll sends nothing unless asked for room (NR_NO_TX_POLL). */
  readonly noTxPoll?: boolean;
}

/** An open port. */
export class NetmapFd {
  /** Rings that this descriptor synchronises. */
  readonly tx: readonly NetmapKring[];
  readonly rx: readonly NetmapKring[];
  /** Transmit ring that nmport_inject used last. */
  curTxRing = 0;
  /** System calls by name; of poll, calls of this descriptor's poll method. */
  txsyncs = 0;
  rxsyncs = 0;
  polls = 0;
  readonly #all: readonly NetmapKring[];
  readonly #costs: NetmapCosts;
  readonly #txPoll: boolean;
  readonly #exclusive: boolean;
  readonly #release: () => void;
  #closed = false;

  constructor(
    tx: readonly NetmapKring[],
    rx: readonly NetmapKring[],
    costs: NetmapCosts,
    flags: OpenFlags,
    release: () => void,
  ) {
    this.tx = tx;
    this.rx = rx;
    this.#all = [...tx, ...rx];
    this.#costs = costs;
    this.#txPoll = flags.noTxPoll !== true;
    this.#exclusive = flags.exclusive === true;
    this.#release = release;
    for (const kring of this.#all) {
      kring.users++;
      if (this.#exclusive) kring.kflags |= NKR_EXCLUSIVE;
    }
  }

  /** ioctl(NIOCTXSYNC): what the kernel does in it. Answers false when a ring had to be put right. */
  txsync(cpu: Cpu): boolean {
    this.txsyncs++;
    let good = true;
    for (const kring of this.tx) good = this.#sync(cpu, kring, NAF_FORCE_RECLAIM) && good;
    return good;
  }

  /** ioctl(NIOCRXSYNC). */
  rxsync(cpu: Cpu): boolean {
    this.rxsyncs++;
    let good = true;
    for (const kring of this.rx) good = this.#sync(cpu, kring, NAF_FORCE_READ) && good;
    return good;
  }

  /** What poll(2) asks of this descriptor; answers which of `events` are there, and POLLERR. */
  poll(cpu: Cpu, events: number, waiter: Waiter): number {
    this.polls++;
    cpu.charge(this.#costs.pollFd);
    let revents = 0;
    if ((events & POLLIN) !== 0 && hasSlots(this.rx)) revents |= POLLIN;
    if ((events & POLLOUT) !== 0 && hasSlots(this.tx)) revents |= POLLOUT;
    revents |= this.#pollTx(cpu, (events & POLLOUT & ~revents) !== 0, waiter);
    if ((events & POLLIN & ~revents) !== 0) revents |= this.#pollRx(cpu, waiter);
    return revents;
  }

  /** Whether a sync has moved slots to software rings whose other end does not know of them yet. */
  get unpublished(): boolean {
    for (const kring of this.#all) {
      if (kring.publish !== null) return true;
      for (const monitor of kring.monitors) if (monitor.dirty) return true;
    }
    return false;
  }

  /** Makes them known: what a sync of a software ring does last, when its copying is over. */
  publish(cpu: Cpu): void {
    for (const kring of this.#all) {
      const { publish } = kring;
      kring.publish = null;
      publish?.(cpu);
      for (const monitor of kring.monitors) if (monitor.dirty) monitor.publish(cpu);
    }
  }

  /** The waiter waits no longer. */
  forget(waiter: Waiter): void {
    for (const kring of this.#all) kring.si.forget(waiter);
  }

  /** close(2), or the end of the process: rings without another user go back to the kernel. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const kring of this.#all) {
      kring.users--;
      if (this.#exclusive) kring.kflags &= ~NKR_EXCLUSIVE;
    }
    this.#release();
  }

  #pollTx(cpu: Cpu, wanted: boolean, waiter: Waiter): number {
    let revents = 0;
    let want = wanted;
    if (!this.#txPoll && !want) return 0;
    for (let round = 0; round < 2; round++) {
      for (const kring of this.tx) {
        // with room found already, a ring that has nothing to send is left alone
        if (!want && kring.ring.head === kring.hwcur) continue;
        if (!this.#sync(cpu, kring, 0)) revents |= POLLERR;
        if (kring.rcur === kring.rtail) continue;
        if (want) revents |= POLLOUT;
        want = false;
        kring.si.wake(cpu, waiter);
      }
      if (!want) break;
      if (round === 0) { for (const kring of this.tx) kring.si.record(waiter); }
    }
    return revents;
  }

  #pollRx(cpu: Cpu, waiter: Waiter): number {
    let revents = 0;
    for (let round = 0; round < 2; round++) {
      for (const kring of this.rx) {
        if (!this.#sync(cpu, kring, 0)) revents |= POLLERR;
        if (kring.rcur === kring.rtail) continue;
        revents |= POLLIN;
        kring.si.wake(cpu, waiter);
      }
      if (revents !== 0) break;
      if (round === 0) { for (const kring of this.rx) kring.si.record(waiter); }
    }
    return revents;
  }

  #sync(cpu: Cpu, kring: NetmapKring, flags: number): boolean {
    cpu.charge(this.#costs.sync);
    return kring.run(cpu, flags);
  }
}

/** Whether a ring has slots beyond its wake-up point, as the process left it. */
function hasSlots(krings: readonly NetmapKring[]): boolean {
  for (const { ring } of krings) if (ring.cur !== ring.tail) return true;
  return false;
}
