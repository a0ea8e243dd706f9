/** Buffers, their ledger, and pools of them. */
export { Ledger } from "./ledger.ts";
export {
  FLAG,
  HEADROOM,
  Memory,
  type PacketMemory,
  POISON,
  type Region,
  STRIDE,
} from "./memory.ts";
export { Mempool } from "./mempool.ts";
