/**
 * Credit-based flow control of every direction (PCI Express base specification, 2.6.1), with scaled fields
 * (3.4.2 of revision 4.0) and, in a switch, a pool that its ports share.
 *
 * Who owns what. The sender of a direction owns CREDITS_CONSUMED (`used`) and CREDIT_LIMIT (`limit`), which
 * only DLLPs change; its receiver owns CREDITS_ALLOCATED (`allocated`) and CREDITS_RECEIVED (`received`).
 * All are cumulative and modular: 8 bits for headers and 12 for data, 2 or 4 more when scaled. A field of a
 * DLLP is the counter without its lowest 0, 2 or 4 bits, so up to 3 or 15 freed credits wait for company.
 *
 * The pool. A class of a port is never below its reserve. While fewer credits than the threshold are out, and
 * the pool has them, it is given as many more; what is freed by a class that was given some, and has enough,
 * goes back to the pool (US patent 7869356 B2, claim 1, describes such a pool). So no port can take the
 * reserve of another, however long its egress is blocked.
 */
import type { PcieOptions } from "./options.ts";
import type { Plan } from "./_plan.ts";
import type { PcieTrace } from "./trace.ts";

/** The least number of bits of a counter: headers, data. */
const BITS = [8, 12];

/** The account of one counter. */
export interface PcieCreditAccount {
  /** Direction of the link, see `PcieLedger`. */
  readonly direction: number;
  /** 0 posted, 1 non-posted, 2 completion. */
  readonly cls: number;
  /** What one credit stands for: a header, or 16 bytes. */
  readonly unit: "header" | "data";
  /** Credits advertised at initialisation. */
  readonly advertised: number;
  /** Cumulative credits consumed by the sender, and returned to it by UpdateFC. */
  readonly consumed: number;
  /** See `consumed`. */
  readonly returned: number;
  /** CREDITS_RECEIVED: credits of the TLPs that were accepted, modulo 2^8 (headers) or 2^12 (data), times the scale. */
  readonly received: number;
  /** Credits whose TLPs the receiver still holds, and those freed that the sender does not know of. */
  readonly held: number;
  /** What the sender has left now. */
  readonly left: number;
  /** The least and the most it ever had left. */
  readonly leastLeft: number;
  /** See `leastLeft`. */
  readonly mostLeft: number;
}

/** Counters of all directions: place `(direction * 3 + class) * 2 + unit`, unit 0 headers, 1 data. */
export class FlowControl {
  readonly #plan: Plan;
  readonly #trace: PcieTrace | null;
  readonly #now: () => number;
  readonly #advertised: Int32Array;
  readonly #limit: Int32Array;
  readonly #used: Int32Array;
  readonly #allocated: Int32Array;
  readonly #announced: Int32Array;
  readonly #received: Int32Array;
  readonly #granted: Int32Array;
  readonly #pool: Int32Array;
  readonly #mask: readonly number[];
  readonly #shift: number;
  readonly #least: Int32Array;
  readonly #isShared: boolean;
  readonly #options: PcieOptions;
  /** Plain totals, which no gate reads. */
  readonly #consumed: Float64Array;
  readonly #returned: Float64Array;
  readonly #occupied: Int32Array;
  readonly #leastLeft: Int32Array;
  readonly #mostLeft: Int32Array;

  constructor(o: PcieOptions, plan: Plan, trace: PcieTrace | null, now: () => number) {
    this.#options = o;
    this.#plan = plan;
    this.#trace = trace;
    this.#now = now;
    const n = plan.directions * 6;
    const units = () => new Int32Array(n);
    this.#advertised = units();
    this.#limit = units();
    this.#used = units();
    this.#allocated = units();
    this.#announced = units();
    this.#received = units();
    this.#granted = units();
    this.#occupied = units();
    this.#leastLeft = units();
    this.#mostLeft = units();
    this.#consumed = new Float64Array(n);
    this.#returned = new Float64Array(n);
    this.#pool = new Int32Array(plan.nodes * 2);
    this.#shift = o.creditScale === 16 ? 4 : o.creditScale === 4 ? 2 : 0;
    this.#mask = BITS.map((bits) => 2 ** (bits + this.#shift) - 1);
    this.#least = Int32Array.of(1, Math.ceil(o.mps / 16));
    this.#isShared = o.mutants.includes("one-buffer-for-all-classes");
    for (let d = 2; d < plan.directions; d++) {
      const { buffers } = o.nodes[plan.to[d]!]!;
      for (let i = 0; i < 6; i++) this.#advertised[d * 6 + i] = buffers[i >> 1]![i & 1]!;
    }
    this.reset();
  }

  /** Place of the header counter of a class; the data counter follows. */
  #cell(d: number, cls: number): number {
    const own = this.#isShared && this.#plan.isSwitch[this.#plan.to[d]!] === 1 ? 0 : cls;
    return d * 6 + own * 2;
  }

  /** What an InitFC says of a class. */
  initField(d: number, cls: number, unit: number): number {
    return this.#advertised[d * 6 + cls * 2 + unit]! >> this.#shift;
  }

  /** The sender of a direction has got an InitFC of its partner. */
  learn(d: number, cls: number, headers: number, data: number): void {
    const u = d * 6 + cls * 2;
    this.#limit[u] = headers << this.#shift;
    this.#limit[u + 1] = data << this.#shift;
  }

  /** The transmit gate (2.6.1.2): modular, and open for what the partner has declared infinite. */
  allows(d: number, cls: number, data: number): boolean {
    const u = this.#cell(d, cls);
    return this.#fits(u, 1) && this.#fits(u + 1, data);
  }

  #fits(u: number, need: number): boolean {
    if (need === 0 || this.#advertised[u] === 0) return true;
    const mask = this.#mask[u & 1]!;
    return ((this.#limit[u]! - this.#used[u]! - need) & mask) <= (mask + 1) / 2;
  }

  /** The sender takes the credits of one TLP. */
  consume(d: number, cls: number, data: number): void {
    const u = this.#cell(d, cls);
    this.#consume(u, 1);
    this.#consume(u + 1, data);
  }

  #consume(u: number, n: number): void {
    this.#consumed[u]! += n;
    this.#occupied[u]! += n;
    if (this.#advertised[u] === 0) return;
    this.#used[u] = (this.#used[u]! + n) & this.#mask[u & 1]!;
    this.#leastLeft[u] = Math.min(this.#leastLeft[u]!, this.#left(u));
  }

  /** Credits that the sender has left, as a signed number. */
  #left(u: number): number {
    const mask = this.#mask[u & 1]!;
    const left = (this.#limit[u]! - this.#used[u]!) & mask;
    return left > (mask + 1) / 2 ? left - mask - 1 : left;
  }

  /** A TLP is in the receive buffer. */
  receive(d: number, cls: number, data: number): void {
    const u = this.#cell(d, cls);
    this.#received[u] = (this.#received[u]! + 1) & this.#mask[0]!;
    this.#received[u + 1] = (this.#received[u + 1]! + data) & this.#mask[1]!;
    this.#grant(u);
  }

  /** A TLP has left the receive buffer. */
  free(d: number, cls: number, data: number): void {
    const u = this.#cell(d, cls);
    this.#occupied[u]!--;
    this.#occupied[u + 1]! -= data;
    this.#free(u, 1);
    this.#free(u + 1, data);
    this.#grant(u);
  }

  #free(u: number, n: number): void {
    if (this.#advertised[u] === 0) return;
    const pool = this.#plan.to[Math.floor(u / 6)]! * 2 + (u & 1);
    const { threshold } = this.#options.pool;
    let own = n;
    if (this.#granted[u]! > 0 && this.#out(u) >= threshold[u & 1]!) {
      own = Math.max(0, n - this.#granted[u]!);
      this.#granted[u]! -= n - own;
      this.#pool[pool]! += n - own;
      this.#notePool(pool >> 1);
    }
    this.#allocated[u] = (this.#allocated[u]! + own) & this.#mask[u & 1]!;
  }

  /** Credits that are out: allocated and not yet used by what has arrived. */
  #out(u: number): number {
    return (this.#allocated[u]! - this.#received[u]!) & this.#mask[u & 1]!;
  }

  #grant(header: number): void {
    const node = this.#plan.to[Math.floor(header / 6)]!;
    const { threshold } = this.#options.pool;
    for (let u = header; u < header + 2; u++) {
      const unit = u & 1;
      const n = threshold[unit]!;
      const most = unit === 0 ? 127 : 2047;
      if (this.#pool[node * 2 + unit]! < n || this.#advertised[u] === 0) continue;
      if (this.#out(u) >= n || this.#out(u) + this.#occupied[u]! + n > most) continue;
      this.#pool[node * 2 + unit]! -= n;
      this.#granted[u]! += n;
      this.#allocated[u] = (this.#allocated[u]! + n) & this.#mask[unit]!;
      this.#notePool(node);
    }
  }

  #notePool(node: number): void {
    this.#trace?.add(this.#now(), "pool", -1, -1, {
      value: node,
      headers: this.#pool[node * 2]!,
      data: this.#pool[node * 2 + 1]!,
    });
  }

  /** What the receiver owes the sender of a class: 0 nothing that a field can say, 1 something, 2 at once. */
  urgency(d: number, cls: number): 0 | 1 | 2 {
    const cell = this.#cell(d, cls);
    let urgency: 0 | 1 | 2 = 0;
    for (let u = cell; u < cell + 2; u++) {
      if (this.#advertised[u] === 0) continue;
      const mask = this.#mask[u & 1]!;
      const owed = ((this.#allocated[u]! >> this.#shift << this.#shift) - this.#announced[u]!) &
        mask;
      if (owed === 0) continue;
      const left = (this.#announced[u]! - this.#received[u]!) & mask;
      if (left < this.#least[u & 1]! || owed * 4 >= this.#advertised[u]!) return 2;
      urgency = 1;
    }
    return urgency;
  }

  /** Field of an UpdateFC that leaves now; the counter counts as announced. */
  updateField(d: number, cls: number, unit: number): number {
    const u = this.#cell(d, cls) + unit;
    if (this.#advertised[u] === 0) return 0;
    const field = this.#allocated[u]! >> this.#shift;
    this.#announced[u] = field << this.#shift;
    return field;
  }

  /** The sender has got an UpdateFC. */
  update(d: number, cls: number, headers: number, data: number): void {
    const u = this.#cell(d, cls);
    this.#update(u, headers << this.#shift);
    this.#update(u + 1, data << this.#shift);
  }

  #update(u: number, limit: number): void {
    if (this.#advertised[u] === 0) return;
    this.#returned[u]! += (limit - this.#limit[u]!) & this.#mask[u & 1]!;
    this.#limit[u] = limit;
    this.#mostLeft[u] = Math.max(this.#mostLeft[u]!, this.#left(u));
  }

  /** Accounts of what is finite. */
  accounts(): PcieCreditAccount[] {
    const accounts: PcieCreditAccount[] = [];
    for (let u = 12; u < this.#advertised.length; u++) {
      if (this.#advertised[u] === 0) continue;
      // freed, or given by the pool, and not yet known to the sender
      const owed = (this.#allocated[u]! - this.#limit[u]!) & this.#mask[u & 1]!;
      accounts.push({
        direction: Math.floor(u / 6),
        cls: (u >> 1) % 3,
        unit: (u & 1) === 0 ? "header" : "data",
        advertised: this.#advertised[u]!,
        consumed: this.#consumed[u]!,
        returned: this.#returned[u]!,
        received: this.#received[u]!,
        held: this.#occupied[u]! + owed,
        left: this.#left(u),
        leastLeft: this.#leastLeft[u]!,
        mostLeft: this.#mostLeft[u]!,
      });
    }
    return accounts;
  }

  /** As the links are before they come up. */
  reset(): void {
    this.#limit.fill(0);
    for (const same of [this.#used, this.#received, this.#granted, this.#occupied]) same.fill(0);
    for (const same of [this.#allocated, this.#announced, this.#leastLeft, this.#mostLeft]) {
      same.set(this.#advertised);
    }
    this.#consumed.fill(0);
    this.#returned.fill(0);
    for (let node = 0; node < this.#plan.nodes; node++) {
      const isSwitch = this.#plan.isSwitch[node] === 1;
      this.#pool[node * 2] = isSwitch ? this.#options.pool.headers : 0;
      this.#pool[node * 2 + 1] = isSwitch ? this.#options.pool.data : 0;
    }
  }
}
