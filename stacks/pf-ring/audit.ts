/**
 * The invariants of the slot ring as laws. The checker looks on at every insertion and removal, with a list of what
 * ought to be in the ring, where, and with which bytes; it does no arithmetic of the ring's.
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { Finding } from "../../core/stack.ts";
import type { Cluster } from "./cluster.ts";
import type { PktHdr } from "./pkthdr.ts";
import type { SlotAt, SlotRingWatch } from "./slot_ring_watch.ts";
import type { PfRingSocket } from "./socket.ts";

interface Slot {
  readonly off: number;
  readonly end: number;
  readonly captured: number;
  /** When the application freed it; Infinity until then. */
  freedPs: number;
}

/** Looks on at one ring. */
export class RingChecker implements SlotRingWatch {
  readonly broken = new Map<string, string>();
  /** What it saw. */
  insertions = 0;
  losses = 0;
  removals = 0;
  readonly #socket: PfRingSocket;
  /** Slots that are unread, and before them those freed at an instant that no writer has come to. */
  readonly #slots: Slot[] = [];
  readonly #lastNs = new Map<number, number>();

  constructor(socket: PfRingSocket) {
    this.#socket = socket;
  }

  inserted(memory: PacketMemory, buffer: number, hdr: PktHdr, at: SlotAt, nowPs: number): void {
    this.insertions++;
    this.#forget(nowPs);
    const { ring } = this.#socket;
    const { off, bytes } = at;
    const end = off + bytes;
    const over = this.#slots.find((slot) => off < slot.end && slot.off < end);
    // with several writers one may know of a free slot what another, at an earlier instant, does not
    if (over !== undefined && (over.freedPs === Infinity || !this.#socket.setup.locked)) {
      this.#note("PFRING-2", `wrote ${off}..${end} over the unread slot ${over.off}..${over.end}`);
    }
    if (end > ring.bytes.length) {
      this.#note("PFRING-2", `wrote to ${end}, beyond its ${ring.bytes.length} bytes`);
    }
    this.#checkBytes(memory, buffer, hdr, off + ring.headerBytes);
    this.#slots.push({ off, end, captured: hdr.caplen, freedPs: Infinity });
  }

  lost(nowPs: number): void {
    this.losses++;
    this.#forget(nowPs);
    const { ring } = this.#socket;
    const { slotLen } = ring.info.kernel;
    let free = ring.bytes.length;
    for (const { off, end } of this.#slots) free -= end - off;
    // two slots of full length stay free, and at the end of the ring what is less than one
    if (free < 3 * slotLen) return;
    this.#note("PFRING-4", `lost a packet with ${free} bytes free and slots of ${slotLen} at most`);
  }

  removed({ off, bytes }: SlotAt, nowPs: number): void {
    this.removals++;
    const slot = this.#slots.find(({ freedPs }) => freedPs === Infinity);
    if (slot === undefined || slot.off !== off || slot.end !== off + bytes) {
      const expected = slot === undefined ? "nothing" : `${slot.off}..${slot.end}`;
      return this.#note("PFRING-2", `read ${off}..${off + bytes}, expected ${expected}`);
    }
    const { ring } = this.#socket;
    const magic = off + ring.headerBytes + slot.captured;
    if (ring.bytes[magic] !== 0x88 || ring.bytes[magic + 1] !== 0x88) {
      this.#note("PFRING-2", `read the slot at ${off}, which does not end in 0x88 0x88`);
    }
    slot.freedPs = nowPs;
  }

  /** Slots that are in the ring for good. */
  get unread(): number {
    return this.#slots.filter(({ freedPs }) => freedPs === Infinity).length;
  }

  #checkBytes(memory: PacketMemory, buffer: number, hdr: PktHdr, at: number): void {
    const { ring, setup } = this.#socket;
    const length = memory.length[buffer]!;
    const from = memory.offset[buffer]!;
    const wanted = length < setup.bucketLen ? length : setup.bucketLen;
    if (hdr.len !== length || hdr.caplen !== wanted) {
      this.#note(
        "PFRING-3",
        `said ${hdr.caplen} of ${hdr.len} bytes, expected ${wanted} of ${length}`,
      );
    }
    for (let i = 0; i < wanted; i++) {
      if (ring.bytes[at + i] === memory.bytes[from + i]) continue;
      this.#note("PFRING-3", `captured another byte ${i} than the frame has`);
      break;
    }
    const key = hdr.ifIndex;
    const before = this.#lastNs.get(key) ?? 0;
    // several queues write to a ring that is locked, each by its own clock
    if (!setup.locked && hdr.timestampNs < before) {
      this.#note("PFRING-3", `has a packet of ${hdr.timestampNs} ns behind one of ${before} ns`);
    }
    this.#lastNs.set(key, hdr.timestampNs);
  }

  #forget(nowPs: number): void {
    while (this.#slots.length > 0 && this.#slots[0]!.freedPs <= nowPs) this.#slots.shift();
  }

  #note(id: string, what: string): void {
    if (!this.broken.has(id)) this.broken.set(id, `ring ${this.#socket.setup.name} ${what}`);
  }
}

/** The audit of all rings. */
export class SlotAudit {
  readonly #checkers = new Map<PfRingSocket, RingChecker>();

  /** Looks on at a socket's ring from now on. */
  watch(socket: PfRingSocket): void {
    const checker = new RingChecker(socket);
    socket.ring.watch = checker;
    this.#checkers.set(socket, checker);
  }

  /** What is to be said when a run is over. */
  findings(clusters: readonly Cluster[] = []): Finding[] {
    const findings: Finding[] = [];
    for (const { watch } of clusters) {
      const of = (id: string): Finding => ({ id, broken: watch.broken.get(id) ?? null });
      if (watch.packets > 0) findings.push(of("PFRING-6"));
      if (watch.again > 0) findings.push(of("PFRING-7"));
    }
    for (const [socket, checker] of this.#checkers) {
      const { insertions, losses } = checker;
      if (insertions + losses === 0) continue;
      findings.push({ id: "PFRING-1", broken: miscounted(socket, checker) });
      const of = (id: string): void => {
        findings.push({ id, broken: checker.broken.get(id) ?? null });
      };
      if (insertions > 0) of("PFRING-2");
      if (insertions > 0) of("PFRING-3");
      if (losses > 0) of("PFRING-4");
    }
    return findings;
  }
}

function miscounted({ setup, ring }: PfRingSocket, checker: RingChecker): string | null {
  const { totPkts, totInsert, totLost } = ring.info.kernel;
  const { totRead } = ring.info.user;
  const { insertions, losses, removals, unread } = checker;
  const counted = `Tot Packets ${totPkts}, Insert ${totInsert}, Lost ${totLost}, Read ${totRead}`;
  const right = totPkts === insertions + losses && totInsert === insertions &&
    totLost === losses && totRead === removals && totInsert - totRead === unread;
  if (right) return null;
  return `ring ${setup.name} counted ${counted}, expected ${insertions} inserted, ${losses} lost, ` +
    `${removals} read and ${unread} in the ring`;
}
