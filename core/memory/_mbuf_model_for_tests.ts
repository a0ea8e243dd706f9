// The model of the mbuf laws: packets are lists of segments with their bytes in plain arrays; references
// and buffers in use are counted anew from all live packets each time.
import { assert, assertEquals } from "@std/assert";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "./ledger.ts";
import {
  mbufAdjust,
  mbufAppend,
  mbufChain,
  mbufHeadroom,
  mbufLast,
  mbufLength,
  mbufPrepend,
  mbufRead,
  mbufSegments,
  mbufTailroom,
  mbufTrim,
} from "./mbuf.ts";
import { checkMbuf } from "./mbuf_check.ts";
import { mbufCopy, mbufLinearise } from "./mbuf_copy.ts";
import {
  buffersOf,
  EXTERNAL,
  EXTERNAL_BYTES,
  fresh,
  holdersOf,
  Identities,
  Lent,
  namesOf,
  type Packet,
  received,
  type Segment,
} from "./_mbuf_packets_for_tests.ts";
import { mbufAttachExternal } from "./mbuf_external.ts";
import {
  freeBulk,
  freeChain,
  mbufAttach,
  mbufClone,
  mbufDetach,
  mbufRetain,
} from "./mbuf_share.ts";
import { Memory, STRIDE } from "./memory.ts";
import { Mempool } from "./mempool.ts";

/** A drawn operation; numbers are taken modulo what is live. */
export interface Operation {
  readonly kind: number;
  readonly pick: number;
  readonly other: number;
  readonly n: number;
}

const SIZE = 9;

/** A pool and its packets beside their model. */
export class Rig {
  readonly memory = new Memory(SIZE + 2, new ArrayBuffer((SIZE + 2) * STRIDE + EXTERNAL_BYTES));
  readonly lent = new Lent(this.memory);
  readonly observation = new Observation();
  readonly pool: Mempool;
  readonly packets: Packet[] = [];
  readonly identities: Identities;
  readonly seen: Map<string, number>;
  #fill = 0;

  constructor(checked: boolean, seen: Map<string, number>) {
    this.seen = seen;
    this.observation.reset(60, "coarse"); // a packet with each step
    const place = this.observation.addPlace("lcore 0");
    if (checked) this.memory.ledger = new Ledger(this.memory, this.observation, () => 0);
    this.identities = new Identities(this.memory.ledger, this.observation);
    this.memory.region("other", 0, 2);
    this.pool = new Mempool(this.memory, this.memory.region("pool", 0, SIZE), [place], 4);
  }

  step({ kind, pick, other, n }: Operation): void {
    const packet = this.packets[pick % Math.max(1, this.packets.length)];
    if (packet === undefined || kind === 0) return this.alloc(n);
    const second = this.packets[other % this.packets.length]!;
    if (kind === 1) this.prepend(packet, n);
    if (kind === 2) this.append(packet, n);
    if (kind === 3) this.adjust(packet, n);
    if (kind === 4) this.trim(packet, n);
    if (kind === 5) this.chain(packet, second);
    if (kind === 6) this.clone(packet);
    if (kind === 7) this.copy(packet, other % 3 === 0 ? 0 : other, n);
    if (kind === 8) this.linearise(packet);
    if (kind === 9) this.retain(packet);
    if (kind === 10) this.free(packet);
    if (kind === 11) this.attach(packet, other);
    if (kind === 12) this.detach(packet);
    if (kind === 13) this.attachExternal(n % 2);
    if (kind === 14) this.freeBulk(pick, other);
  }

  /** The laws, for every live packet and the pool. */
  check(): void {
    const { memory, observation, pool } = this;
    for (const packet of this.packets) {
      const head = packet.segments[0]!.buffer;
      assertEquals(checkMbuf(memory, head), "", "a live packet is sane");
      const bytes = packet.segments.flatMap((s) => s.bytes);
      assertEquals(mbufLength(memory, head), bytes.length, "MBUF-1 length = sum of segments");
      assertEquals(mbufSegments(memory, head), packet.segments.length, "MBUF-4 segments");
      const read = new Uint8Array(bytes.length);
      assert(mbufRead(memory, head, 0, bytes.length, read, 0), "MBUF-5 all bytes can be read");
      assertEquals(bytes.findIndex((b, i) => b !== read[i]), -1, "the bytes are those put in");
      let buffer = head;
      for (const s of packet.segments) {
        assertEquals(buffer, s.buffer, "MBUF-4 chain shape");
        assertEquals(memory.references[buffer], this.references(buffer), "MBUF-3 references");
        const shared = !this.exclusive(s);
        assertEquals(mbufHeadroom(memory, buffer), shared ? 0 : s.front, "MBUF-2 headroom");
        assertEquals(mbufTailroom(memory, buffer), shared ? 0 : s.back, "MBUF-2 tailroom");
        buffer = memory.next[buffer]!;
      }
      assertEquals(buffer, -1, "MBUF-4 the chain ends");
    }
    const live = buffersOf(this.packets);
    assertEquals(pool.free + pool.cached + live.size, SIZE, "MBUF-3 buffers return with the last");
    assertEquals(observation.faults, [], "the ledger finds nothing");
    this.identities.check(live);
    this.lent.check((i) => this.references(-1 - i));
  }

  /** Holders of a buffer: of it itself, and one for each buffer that shows its bytes. */
  references(buffer: number): number {
    return holdersOf(this.packets, buffer);
  }

  available(): number {
    return this.pool.free + this.pool.cached;
  }

  private exclusive(s: Segment): boolean {
    if (this.references(s.buffer) !== 1) return false;
    return s.owner === s.buffer || (s.owner < 0 && this.references(s.owner) === 1);
  }

  private alloc(n: number): void {
    const [expected, b] = [this.available() > 0, this.pool.get(0)];
    assertEquals(b >= 0, expected);
    if (b < 0) return;
    const packet = { segments: [fresh(b)], holds: 1 };
    this.packets.push(packet);
    if (n % 4 > 0) this.identities.enter(b);
    this.append(packet, n);
  }

  private fillAt(at: number, n: number): number[] {
    const bytes = Array.from({ length: n }, () => this.#fill = (this.#fill + 1) % 251);
    this.memory.bytes.set(bytes, at);
    return bytes;
  }

  private prepend(packet: Packet, n: number): void {
    const s = packet.segments[0]!;
    const fits = this.exclusive(s) && n <= s.front;
    const at = mbufPrepend(this.memory, s.buffer, n);
    this.judge("prepend", at >= 0, fits || n === 0);
    if (!fits) return;
    s.bytes.unshift(...this.fillAt(at, n));
    s.front -= n;
  }

  private append(packet: Packet, n: number): void {
    const s = packet.segments.at(-1)!;
    const fits = this.exclusive(s) && n <= s.back;
    const at = mbufAppend(this.memory, packet.segments[0]!.buffer, n);
    this.judge("append", at >= 0, fits || n === 0);
    if (!fits) return;
    s.bytes.push(...this.fillAt(at, n));
    s.back -= n;
  }

  private adjust(packet: Packet, n: number): void {
    const s = packet.segments[0]!;
    const fits = n <= s.bytes.length;
    this.judge("adjust", mbufAdjust(this.memory, s.buffer, n) >= 0, fits);
    if (!fits) return;
    s.bytes.splice(0, n);
    s.front += n;
  }

  private trim(packet: Packet, n: number): void {
    const s = packet.segments.at(-1)!;
    const fits = n <= s.bytes.length;
    this.judge("trim", mbufTrim(this.memory, packet.segments[0]!.buffer, n), fits);
    if (!fits) return;
    s.bytes.splice(s.bytes.length - n, n);
    s.back += n;
  }

  private chain(head: Packet, tail: Packet): void {
    // Two holders of one chain would not know of each other's additions: only sole holders chain.
    if (head.holds > 1 || tail.holds > 1) return;
    const [h, t] = [head.segments[0]!.buffer, tail.segments[0]!.buffer];
    this.judge("chain", mbufChain(this.memory, h, t), head !== tail);
    if (head === tail) return;
    head.segments.push(...tail.segments);
    this.packets.splice(this.packets.indexOf(tail), 1);
    assertEquals(mbufLast(this.memory, h), head.segments.at(-1)!.buffer, "MBUF-4 last");
  }

  private clone(packet: Packet): void {
    const fits = packet.segments.length <= this.available();
    const made = mbufClone(this.pool, 0, packet.segments[0]!.buffer);
    this.judge("clone", made >= 0, fits);
    if (!fits) return;
    const names = namesOf(this.memory, made);
    const segments = packet.segments.map((s, i) => ({
      ...{ ...s, bytes: [...s.bytes], buffer: names[i]! },
    }));
    segments.forEach(({ buffer }, i) => this.identities.show(packet.segments[i]!.buffer, buffer));
    this.packets.push({ segments, holds: 1 });
  }

  private copy(packet: Packet, from: number, n: number): void {
    const all = packet.segments.flatMap((s) => s.bytes);
    const bytes = all.slice(from, from + n);
    const needed = Math.max(1, Math.ceil(bytes.length / 1920));
    const fits = from < all.length && needed <= this.available();
    const made = mbufCopy(this.pool, 0, packet.segments[0]!.buffer, from, n);
    this.judge("copy", made >= 0, fits);
    if (!fits) return;
    const segments = namesOf(this.memory, made).map((b, i) => {
      const part = bytes.slice(i * 1920, (i + 1) * 1920);
      return { ...fresh(b), back: 1920 - part.length, bytes: part };
    });
    this.packets.push({ segments, holds: 1 });
    this.identities.copy(packet.segments[0]!.buffer, made, bytes.length === all.length);
  }

  private linearise(packet: Packet): void {
    const [first, ...rest] = packet.segments as [Segment, ...Segment[]];
    const bytes = rest.flatMap((s) => s.bytes);
    const fits = rest.length === 0 || (this.exclusive(first) && bytes.length <= first.back);
    this.judge("linearise", mbufLinearise(this.pool, 0, first.buffer), fits);
    if (!fits) return;
    first.bytes.push(...bytes);
    first.back -= bytes.length;
    packet.segments = [first];
  }

  private retain(packet: Packet): void {
    this.judge("retain", mbufRetain(this.memory, packet.segments[0]!.buffer, 1), true);
    packet.holds++;
  }

  private free(packet: Packet): void {
    freeChain(this.pool, 0, packet.segments[0]!.buffer);
    if (--packet.holds === 0) this.packets.splice(this.packets.indexOf(packet), 1);
    this.judge("free", true, true);
  }

  private attach(packet: Packet, pick: number): void {
    const b = received(this.pool, 40 * pick);
    if (b < 0) return;
    const s = packet.segments[pick % packet.segments.length]!;
    this.judge("attach", mbufAttach(this.memory, b, s.buffer), true);
    this.identities.show(s.buffer, b);
    this.packets.push({ segments: [{ ...s, buffer: b, bytes: [...s.bytes] }], holds: 1 });
    assertEquals(mbufAttach(this.memory, b, s.buffer), false, "an attached buffer is not attached");
  }

  private attachExternal(i: number): void {
    const b = received(this.pool, 700 * i);
    if (b < 0) return;
    this.judge("attach external", mbufAttachExternal(this.memory, b, this.lent.buffers[i]!), true);
    const lent = { owner: -1 - i, front: 0, back: EXTERNAL[i]! };
    this.packets.push({ segments: [{ ...fresh(b), ...lent }], holds: 1 });
    assertEquals(mbufAttachExternal(this.memory, b, this.lent.buffers[i]!), false, "not twice");
  }

  private freeBulk(pick: number, n: number): void {
    const freed = this.packets.filter((_, i) => i >= pick % this.packets.length).slice(0, n % 4);
    const heads = freed.flatMap(({ segments }) => [segments[0]!.buffer, -1]);
    freeBulk(this.pool, 0, Int32Array.of(7, ...heads, 7), 1, heads.length);
    for (const packet of freed) {
      if (--packet.holds === 0) this.packets.splice(this.packets.indexOf(packet), 1);
    }
    this.judge("free bulk", freed.length > 1, freed.length > 1);
  }

  private detach(packet: Packet): void {
    const s = packet.segments[0]!;
    const fits = s.owner !== s.buffer && packet.holds === 1;
    this.judge("detach", mbufDetach(this.pool, 0, s.buffer), fits);
    if (!fits) return;
    packet.segments[0] = fresh(s.buffer);
    this.identities.hide(s.buffer);
  }

  private judge(verb: string, got: boolean, expected: boolean): void {
    assertEquals(got, expected, `${verb} answers whether there was room`);
    const label = `${verb} ${expected}`;
    this.seen.set(label, (this.seen.get(label) ?? 0) + 1);
  }
}
