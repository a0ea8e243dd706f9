/**
 * The huge packet buffer of a ring: a cell of 2048 bytes for each descriptor, set aside when the interface goes up and
 * kept for ever. Cell i is the target of descriptor i: nothing is allocated, mapped or counted for a packet. 1024
 * cells make a sub-window, which the driver allocates as one piece of 2 MB for DMA; a ring of 4096 has four.
 *
 * Source: ANLAB-KAIST/Packet-IO-Engine, driver ps_ixgbe (window, dma_window of ixgbe_ring).
 */
import type { Mempool } from "../../core/memory/mempool.ts";

/** Cells of a sub-window. */
export const CELLS_PER_WINDOW = 1024;

/** Cells of one ring. */
export class HugeBuffer {
  /** The buffer that is cell i. */
  readonly cell: Int32Array;

  /**
   * Takes the cells of a ring out of the host's memory.
   * @throws {RangeError} when there is not enough of it
   */
  constructor(pool: Mempool, lcore: number, size: number, name: string) {
    this.cell = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const b = pool.get(lcore);
      if (b < 0) {
        throw new RangeError(
          `Cannot set up ${name}: host memory has ${i} of the ${size} cells of its huge buffer`,
        );
      }
      this.cell[i] = b;
    }
  }

  /** Sub-windows. */
  get windows(): number {
    return Math.ceil(this.cell.length / CELLS_PER_WINDOW);
  }
}
