/**
 * Interlinks: rings of packets from one process to another. The producer fills slots that it alone knows until `push`
 * makes them visible; the consumer empties slots that it alone knows to be free until `pull`. Each end works on a copy
 * of the other's cursor and looks at the shared one only when that copy leaves it nothing to do.
 *
 * Life of an interlink: either end may come first and either may go first; another may take the place of one that left,
 * until both have gone (DOWN), which frees what is in it.
 *
 *     none -> FREE -> RXUP -> DXUP -> TXUP -> DOWN     (and RXUP and TXUP the other way round)
 *
 * Source: lib/interlink.lua, after MCRingBuffer (Lee, Bu and Chandranmenon, IPDPS 2010).
 */

import { InterlinkWatch } from "./interlink_watch.ts";

/** States. INIT and CONF, in which the first to come sets it up, take no time here. */
export const INTERLINK_STATES = ["FREE", "RXUP", "TXUP", "DXUP", "DOWN"] as const;

/** One of them. */
export type InterlinkState = typeof INTERLINK_STATES[number];

/** A cursor that another lcore reads: what it says, from when on, and what it said before. */
class SharedCursor {
  #value = 0;
  #before = 0;
  #atTsc = -1;

  publish(value: number, tsc: number): void {
    this.#before = this.#value;
    this.#value = value;
    this.#atTsc = tsc;
  }

  /** What a reader sees at `tsc`: a body that runs on another lcore may have published only later. */
  seen(tsc: number): number {
    return tsc >= this.#atTsc ? this.#value : this.#before;
  }
}

/** One interlink. Cursors count slots freely; the ring holds one packet less than it has slots. */
export class Interlink {
  /** Its name in shared memory. */
  readonly name: string;
  /** Slots, a power of two. */
  readonly size: number;
  state: InterlinkState = "FREE";
  /** Packets that went in, and came out. */
  nwrite = 0;
  nread = 0;
  /** Times that an end had to look at the other's cursor. */
  syncs = 0;
  readonly packets: Int32Array;
  /** Checks it; null where nothing is checked. */
  readonly watch: InterlinkWatch | null;
  readonly #write = new SharedCursor();
  readonly #read = new SharedCursor();
  #lwrite = 0;
  #lread = 0;

  /** Free to attach; `checked` says that a checker looks on. */
  constructor(name: string, size: number, checked: boolean) {
    this.name = name;
    this.size = size;
    this.packets = new Int32Array(size);
    this.watch = checked ? new InterlinkWatch(name, size) : null;
  }

  /** Whether nothing can be inserted, as the producer sees it at `tsc`. */
  full(tsc: number): boolean {
    if (this.nwrite - this.#lread < this.size - 1) return false;
    this.syncs++;
    this.#lread = this.#read.seen(tsc);
    return this.nwrite - this.#lread >= this.size - 1;
  }

  /** Puts a packet into the next slot; it must not be full. */
  insert(p: number): void {
    this.packets[this.nwrite++ & (this.size - 1)] = p;
    this.watch?.inserted(p);
  }

  /** Makes what was inserted visible. */
  push(tsc: number): void {
    this.#write.publish(this.nwrite, tsc);
    this.watch?.pushed();
  }

  /** Whether nothing can be extracted, as the consumer sees it at `tsc`. */
  empty(tsc: number): boolean {
    if (this.nread < this.#lwrite) return false;
    this.syncs++;
    this.#lwrite = this.#write.seen(tsc);
    return this.nread >= this.#lwrite;
  }

  /** Takes the next packet; it must not be empty. */
  extract(): number {
    const p = this.packets[this.nread++ & (this.size - 1)]!;
    this.watch?.extracted(p);
    return p;
  }

  /** Makes the slots of what was extracted free. */
  pull(tsc: number): void {
    this.#read.publish(this.nread, tsc);
    this.watch?.pulled();
  }

  /** Packets in it, whether visible or not. */
  *held(): Iterable<number> {
    for (let i = this.nread; i < this.nwrite; i++) yield this.packets[i & (this.size - 1)]!;
  }
}

/** The interlinks of all processes, by name. */
export class Interlinks {
  readonly #links = new Map<string, Interlink>();
  readonly #checked: boolean;

  /** None yet; `checked` says that each is looked at. */
  constructor(checked: boolean) {
    this.#checked = checked;
  }

  /**
   * Attaches an end.
   * @throws {RangeError} when another has that end already, or wanted another size: the original waits for ever
   */
  attach(name: string, end: "receiver" | "transmitter", size: number): Interlink {
    const link = this.#links.get(name) ?? new Interlink(name, size, this.#checked);
    this.#links.set(name, link);
    const [alone, other] = end === "receiver"
      ? ["RXUP", "TXUP"] as const
      : ["TXUP", "RXUP"] as const;
    if (link.size !== size) {
      throw new RangeError(
        `Cannot attach to interlink ${name}: it has ${link.size} slots, not ${size}`,
      );
    }
    if (link.state !== "FREE" && link.state !== other) {
      throw new RangeError(`Cannot attach a ${end} to interlink ${name}: it is ${link.state}`);
    }
    link.state = link.state === "FREE" ? alone : "DXUP";
    return link;
  }

  /** Detaches an end; the last one frees what is left with `free`. */
  detach(link: Interlink, end: "receiver" | "transmitter", free: (p: number) => void): void {
    if (link.state === "DXUP") {
      link.state = end === "receiver" ? "TXUP" : "RXUP";
      return;
    }
    link.state = "DOWN";
    while (link.nread < link.nwrite) free(link.extract());
    this.#links.delete(link.name);
  }

  /** All of them. */
  all(): Iterable<Interlink> {
    return this.#links.values();
  }
}
