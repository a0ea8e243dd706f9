/**
 * Watches the syncs of one ring from outside, as somebody who knows only what the interface promises: copies of the
 * ring are taken before a sync and compared with it afterwards. Kept in checked runs.
 */
import type { DescriptorRing } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { NetmapKring } from "./kring.ts";
import { NS_BUF_CHANGED, NS_REPORT } from "./ring.ts";

/** The invariants that a watch judges. */
export type Watched = `NETMAP-${1 | 2 | 3 | 4 | 7 | 8 | 9}`;

/** Judges one ring. */
export class RingWatch {
  /** Invariants on which something could be said, with the first thing that was wrong, or null. */
  readonly findings: Map<Watched, string | null> = new Map();
  readonly #kring: NetmapKring;
  readonly #descriptors: DescriptorRing | null;
  readonly #doorbells: () => number;
  readonly #idx: Uint32Array;
  readonly #len: Uint16Array;
  readonly #done: Uint8Array;

  /**
   * Takes over the ring's `run`.
   * @param descriptors the device's transmit ring behind it, for transmit rings of NICs
   * @param doorbells how many have been rung so far
   */
  constructor(kring: NetmapKring, descriptors: DescriptorRing | null, doorbells: () => number) {
    this.#kring = kring;
    this.#descriptors = descriptors;
    this.#doorbells = doorbells;
    this.#idx = new Uint32Array(kring.ring.bufIdx.length);
    this.#len = new Uint16Array(kring.ring.bufIdx.length);
    this.#done = new Uint8Array(kring.ring.bufIdx.length);
    const run = kring.run.bind(kring);
    kring.run = (cpu, flags) => this.#around(cpu, flags, run);
  }

  #around(cpu: Cpu, flags: number, run: (cpu: Cpu, flags: number) => boolean): boolean {
    const k = this.#kring;
    const { ring } = k;
    const n = ring.bufIdx.length;
    this.#idx.set(ring.bufIdx);
    this.#len.set(ring.len);
    this.#noteDone();
    const before = {
      ...{ head: ring.head, cur: ring.cur, tail: ring.tail, rtail: k.rtail, rhead: k.rhead },
      ...{ hwcur: k.hwcur, hwtail: k.hwtail, doorbells: this.#doorbells() },
    };
    const good = run(cpu, flags);
    if (good) this.#afterGood(before, n);
    else this.#afterBad(before);
    return good;
  }

  #afterGood(before: Before, n: number): void {
    const k = this.#kring;
    const { ring } = k;
    const { head, tail } = ring;
    const mine = (tail - head + n) % n;
    this.#say("NETMAP-9", mine < n, `${mine} of ${n} slots are the process's`);
    this.#say("NETMAP-1", head === before.head && ring.cur === before.cur, "it moved head or cur");
    for (let s = before.head; s !== before.rtail && s < n; s = (s + 1) % n) {
      const same = ring.bufIdx[s] === this.#idx[s] && ring.len[s] === this.#len[s];
      if (!same) this.#say("NETMAP-1", false, `slot ${s} of the process was changed`);
    }
    for (let s = before.hwcur; s !== k.hwcur; s = (s + 1) % n) {
      const left = ring.flagsOf[s]! & (NS_BUF_CHANGED | NS_REPORT);
      this.#say("NETMAP-4", left === 0, `slot ${s} was handed over and still asks for ${left}`);
    }
    // the tail goes forward, and never past the slot before head
    const grown = (tail - before.rtail + n) % n;
    const most = n - 1 - ((before.rtail - before.head + n) % n);
    this.#say("NETMAP-1", grown <= most, `tail went from ${before.rtail} to ${tail}, head ${head}`);
    if (before.tail !== before.rtail) {
      this.#say("NETMAP-2", tail === k.hwtail, `tail is ${tail}, the kernel's ${k.hwtail}`);
    }
    const rung = this.#doorbells() - before.doorbells;
    const handed = before.head !== before.hwcur ? 1 : 0;
    this.#say(
      "NETMAP-7",
      rung === handed,
      `${rung} doorbells for slots ${before.hwcur} to ${head}`,
    );
    if (this.#descriptors !== null && k.hwtail !== before.hwtail) this.#judgeReclaim(n);
  }

  /** Slots came back: the last of them must be one that the device had reported before the sync. */
  #judgeReclaim(n: number): void {
    const k = this.#kring;
    const last = (k.hwtail - k.hwofs + n) % n;
    this.#say(
      "NETMAP-8",
      this.#done[last] === 1,
      `slot ${k.hwtail} is free again, descriptor ${last} was not reported`,
    );
  }

  #afterBad(before: Before): void {
    const k = this.#kring;
    const { ring } = k;
    const kept = k.rhead === ring.head && k.rtail === ring.tail && k.rcur === ring.cur;
    this.#say("NETMAP-3", kept, `ring ${ring.head} ${ring.cur} ${ring.tail} after a reinit`);
    const still = k.hwcur === before.hwcur && this.#doorbells() === before.doorbells;
    this.#say("NETMAP-3", still, `the kernel went on from ${before.hwcur} to ${k.hwcur}`);
  }

  #noteDone(): void {
    const tx = this.#descriptors;
    if (tx === null) return;
    for (let i = 0; i < this.#done.length; i++) {
      this.#done[i] = tx.done[i] === 1 && tx.reportStatus[i] === 1 ? 1 : 0;
    }
  }

  #say(id: Watched, kept: boolean, wrong: string): void {
    if (kept && this.findings.has(id)) return;
    if (!kept && typeof this.findings.get(id) === "string") return;
    this.findings.set(id, kept ? null : `${this.#kring.name}: ${wrong}`);
  }
}

/** The ring before a sync. */
interface Before {
  readonly head: number;
  readonly cur: number;
  readonly tail: number;
  readonly rtail: number;
  readonly rhead: number;
  readonly hwcur: number;
  readonly hwtail: number;
  readonly doorbells: number;
}
