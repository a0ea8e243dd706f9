/**
 * Wr over a switch without flow control: what P2PNIC, 3.2 calls the detection of DMA failure by a dedicated
 * mechanism. A descriptor carries length and sum of its frame; the egress NIC sends nothing that differs. A ring
 * entry that never came shows in the sequence. Both are counted, and nothing is recovered.
 */
import { checksum } from "../../core/packet/checksum.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { Env } from "../../core/stack.ts";
import { WriteTransfer } from "./peers.ts";
import type { Settings } from "./options.ts";

/** Wr that trusts no DMA. */
export class CheckedWriteTransfer extends WriteTransfer {
  /** Frames that were announced and are not what was written. */
  failed = 0;
  /** What the descriptor of each slot says. */
  readonly #length: Int32Array = new Int32Array(0);
  readonly #sum: Int32Array = new Int32Array(0);

  /** @throws {RangeError} when the run's fabric has no TLPs to lose */
  constructor(env: Env, settings: Settings) {
    super(env, settings.batch);
    const { fabric, peers } = env.hardware;
    if (fabric.loseBeyond === undefined) {
      throw new RangeError(
        `Cannot boot p2pnic: creditMode "none" needs fidelity tlp, the scenario has ${fabric.fidelity}`,
      );
    }
    fabric.loseBeyond(settings.switchPoolBytes, (handler, arg) => peers.lose(handler, arg));
    this.#length = new Int32Array(env.memory.length.length);
    this.#sum = new Int32Array(env.memory.length.length);
  }

  override post(ingress: number, lane: number, egress: number, b: number, slot: number): number {
    this.#length[slot] = this.env.memory.length[b]!;
    this.#sum[slot] = this.#sumOf(b);
    return super.post(ingress, lane, egress, b, slot);
  }

  protected override send(nic: Nic, ingress: number, slot: number): void {
    const { length } = this.env.memory;
    if (length[slot] === this.#length[slot] && this.#sumOf(slot) === this.#sum[slot]) {
      super.send(nic, ingress, slot);
      return;
    }
    this.failed++;
    this.done(nic, ingress, slot);
  }

  #sumOf(b: number): number {
    const { bytes, offset, length } = this.env.memory;
    return checksum(bytes, offset[b]!, length[b]!);
  }
}
