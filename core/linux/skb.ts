/**
 * Socket buffers. Today's driver builds the skb around the page that the NIC wrote (build_skb): no byte is
 * copied, and the page leaves the ring with the packet. The driver of the legacy profile allocates a buffer
 * of its own for every packet, copies the frame into it and keeps the page; that buffer can be refused, and
 * then the packet stays in the ring.
 *
 * The skb is the packet buffer itself here; its struct is a cost, not an object.
 */
import type { Mempool } from "../memory/mempool.ts";
import type { PacketMemory } from "../memory/memory.ts";
import type { Cpu } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";

/** Makes and frees the skbs of one lcore. */
export class Skbs {
  /** Allocated, and freed after they were sent; drops free theirs in the stack. */
  allocated = 0;
  consumed = 0;
  readonly #memory: PacketMemory;
  readonly #pool: Mempool;
  readonly #costs: LinuxCosts;
  readonly #copies: boolean;
  #spare = -1;

  /** @param copies whether frames are copied out of their pages */
  constructor(memory: PacketMemory, pool: Mempool, costs: LinuxCosts, copies: boolean) {
    this.#memory = memory;
    this.#pool = pool;
    this.#costs = costs;
    this.#copies = copies;
  }

  /** Makes sure that the next `build` has what it needs; false when there is no memory. */
  reserve(cpu: Cpu): boolean {
    if (!this.#copies) return true;
    this.#spare = this.#pool.get(cpu.lcore);
    return this.#spare >= 0;
  }

  /** The skb of a received page. Call `reserve` before; the page is not the caller's any more. */
  build(cpu: Cpu, page: number): number {
    const { skbAlloc, copy } = this.#costs;
    cpu.charge(skbAlloc + copy);
    this.allocated++;
    if (!this.#copies) return page;
    const skb = this.#spare;
    this.#spare = -1;
    this.#memory.copy(page, skb);
    this.#pool.put(cpu.lcore, page);
    return skb;
  }

  /** Gives back what was reserved: the page has become no skb. */
  release(cpu: Cpu): void {
    if (!this.#copies) return;
    this.#pool.put(cpu.lcore, this.#spare);
    this.#spare = -1;
  }

  /** Frees the skb of a packet that was sent (napi_consume_skb). */
  consume(cpu: Cpu, skb: number): void {
    cpu.charge(this.#costs.skbFree);
    this.consumed++;
    this.#pool.put(cpu.lcore, skb);
  }
}
