/**
 * The fabric as packets of the PCI Express transaction layer: memory writes, memory reads and completions with
 * data, cut by MPS and MRRS; three classes of credits on every link direction; one switch with the ordering
 * table; every endpoint and the root complex as requester and completer.
 *
 * Who owns what. An operation is its source's until its last TLP has been sent; a TLP is the receive buffer's
 * whose credits it holds. At the limit: a source with `waiting` TLPs in one of its queues has no room, and
 * hears of it when it has; a transmitter without credits waits; nothing is ever dropped.
 *
 * Exact: segmentation, credits, ordering, arbitration, all times. Not modelled here: addresses (see
 * `_geometry.ts`), ACK DLLPs and the bandwidth of UpdateFCs (the profile's link rate accounts for them),
 * replay, virtual channels, relaxed ordering, time-outs of completions (every read is answered).
 */
import { Endpoints, type TlpLimits } from "./_endpoints.ts";
import {
  BYTES_MAX,
  checkGeometry,
  checkProfile,
  completionChunk,
  DATA_CREDIT_SHIFT,
  HEADER_CREDITS_MAX,
  NON_POSTED,
  operationError,
  POSTED,
  TAGS,
} from "./_geometry.ts";
import { Pool } from "./_pool.ts";
import { Switch } from "./_switch.ts";
import { Wires } from "./_wires.ts";
import type {
  CongestionAccount,
  CreditAccount,
  Fabric,
  FabricGeometry,
  FabricProfile,
  LinkAccount,
} from "./fabric.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";

export type { TlpLimits } from "./_endpoints.ts";

/** All tags of the 8-bit field, as many reads at a completer, and 16 TLPs waiting at a source. */
export const TLP_LIMITS: TlpLimits = { tags: TAGS, reads: TAGS, waiting: 16 };

/**
 * PCIe at the level of transaction-layer packets and credits.
 *
 * Events: a TLP takes one at the switch and one where it ends; on a link with a queue one more each.
 * `write`, `read` and `room` take constant time whatever their length.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Clock, TlpFabric } from "@planecheck/planecheck/core";
 *
 * const clock = new Clock();
 * const fabric = new TlpFabric(clock, {
 *   deviceLinkGbps: 57.88, hostLinkGbps: 115.76,
 *   writeOverheadBytes: 24, readOverheadBytes: 24, completionOverheadBytes: 20, rcbBytes: 64,
 *   switchPs: 150_000, hostWritePs: 100_000, hostReadPs: 400_000,
 *   deviceWritePs: 100_000, deviceReadPs: 250_000, updateFcPs: 30_000, windowPs: 1_000_000,
 * }, 2);
 * fabric.reset(2, { headerCredits: 32, dataCredits: 512, mps: 256, mrrs: 512 });
 *
 * const landed: number[] = [];
 * const handler = clock.register(() => landed.push(clock.now));
 * fabric.write(1, 2, 64, handler, 0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * // 88 bytes at 57.88 Gb/s, cut through the switch, and the target's latency
 * assertEquals(landed, [12_163 + 150_000 + 100_000]);
 * ```
 */
export class TlpFabric implements Fabric {
  /** Always `"tlp"`. */
  readonly fidelity = "tlp" as const;
  readonly #maxDevices: number = 0;
  readonly #rcbBytes: number = 0;
  readonly #pool: Pool;
  readonly #wires: Wires;
  readonly #switch: Switch;
  readonly #endpoints: Endpoints;
  #devices = -1;
  #dataCredits = 0;
  /** Runs in place of the handler of a write of which a TLP was lost. */
  readonly #lost: number = 0;

  /**
   * An idle fabric for at most `maxDevices` devices, 1..30; `reset` comes first.
   * @param limits what a node may have waiting or outstanding
   * @throws {RangeError} when a rate, a delay or a limit is out of range
   */
  constructor(
    clock: Clock,
    profile: FabricProfile,
    maxDevices: number,
    limits: TlpLimits = TLP_LIMITS,
  ) {
    checkProfile(maxDevices, profile);
    checkLimits(limits);
    const nodes = maxDevices + 1;
    // per node: operations in its queues, writes of which TLPs are in the switch, reads outstanding, and
    // TLPs: posted and completions in the ingress buffer, requests anywhere
    const entries = 2 * limits.waiting + 2 * limits.tags + 3 * HEADER_CREDITS_MAX + 4;
    this.#maxDevices = maxDevices;
    this.#rcbBytes = profile.rcbBytes;
    this.#pool = new Pool(nodes * entries);
    this.#wires = new Wires(clock, profile, nodes, (link) => this.#turn(link));
    this.#switch = new Switch(nodes, this.#pool, this.#wires);
    this.#lost = clock.register(() => {});
    this.#endpoints = new Endpoints(
      clock,
      profile,
      this.#pool,
      this.#wires,
      nodes,
      limits,
      (tlp) => this.#switch.arrive(tlp, this.#endpoints),
    );
  }

  #turn(link: number): void {
    if ((link & 1) === 0) this.#endpoints.transmit(link >> 1);
    else this.#switch.transmit(link >> 1, this.#endpoints);
  }

  /**
   * Posted write; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  write(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    if (!this.#allowed(src, dst, bytes)) {
      throw operationError("write", src, dst, bytes, this.#devices);
    }
    this.#endpoints.start(POSTED, src, dst, bytes, handler, arg);
  }

  /**
   * Read; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  read(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    if (!this.#allowed(src, dst, bytes)) {
      throw operationError("read", src, dst, bytes, this.#devices);
    }
    this.#endpoints.start(NON_POSTED, src, dst, bytes, handler, arg);
  }

  #allowed(src: number, dst: number, bytes: number): boolean {
    const devices = this.#devices;
    return src >>> 0 === src && src <= devices && dst >>> 0 === dst && dst <= devices &&
      src !== dst && bytes >>> 0 === bytes && bytes >= 1 && bytes <= BYTES_MAX &&
      this.#endpoints.hasRoom(src);
  }

  /** Whether fewer than `limits.waiting` TLPs wait in each of the source's own queues. */
  room(src: number): boolean {
    if (this.#endpoints.hasRoom(src)) return true;
    this.#endpoints.refuse(src);
    return false;
  }

  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void {
    this.#endpoints.onRoom(src, handler);
  }

  /**
   * Empties the fabric and initialises flow control (FC_INIT ends before time begins). The clock has to be
   * reset too: events of the former run would find nothing. Handlers named by `onRoom` stay.
   * @throws {RangeError} naming a size that is out of range
   */
  reset(devices: number, geometry: FabricGeometry, choices: Choices | null = null): void {
    checkGeometry(devices, this.#maxDevices, geometry);
    const { mps, mrrs, headerCredits, dataCredits } = geometry;
    const largest = [mps, mrrs, completionChunk(mps, this.#rcbBytes)] as const;
    this.#devices = devices;
    this.#dataCredits = dataCredits;
    this.#pool.reset();
    this.#wires.reset(headerCredits, dataCredits, choices);
    this.#switch.reset(largest);
    this.#endpoints.reset(largest);
  }

  /** TLPs and bytes that each link direction has sent. */
  links(): LinkAccount[] {
    return this.#wires.links.accounts(this.#devices + 1);
  }

  /** How full the switch was, and for how long it held up each source. */
  congestion(): CongestionAccount {
    const nodes = this.#devices + 1;
    const stalledPs = Array.from({ length: nodes }, (_, node) => this.#wires.stalledPs[2 * node]!);
    const { peakBytes, lost } = this.#switch;
    const poolBytes = nodes * 2 * this.#dataCredits << DATA_CREDIT_SHIFT;
    return { peakBytes, poolBytes, lostTlps: lost, stalledPs };
  }

  /** See {@link Fabric}: posted TLPs beyond so many bytes in the switch are lost, until the next reset. */
  loseBeyond(bytes: number, lost: (handler: number, arg: number) => void): void {
    const pool = this.#pool;
    this.#switch.holds = bytes;
    this.#switch.lose = (tlp) => {
      const op = pool.op(tlp);
      if (pool.handler(op) !== this.#lost) lost(pool.handler(op), pool.arg(op));
      pool.divert(op, this.#lost);
      pool.giveTlp(tlp);
      if (pool.last(tlp)) pool.give(op);
    };
  }

  /** The credit ledger of each link direction, class and unit as of now. */
  credits(at: number): CreditAccount[] {
    return this.#wires.credits.accounts(2 * (this.#devices + 1), at);
  }
}

function checkLimits(limits: TlpLimits): void {
  for (const name of ["tags", "reads", "waiting"] as const) {
    const value = limits[name];
    if (!(Number.isInteger(value) && value >= 1 && value <= 4096)) {
      throw new RangeError(`Cannot make a fabric: ${name} is ${value}, not an integer in 1..4096`);
    }
  }
}
