/** What an operation may be. */
import { PCIE_NODES_MAX, type PcieNode, windowBytes } from "./options.ts";

/** Longest single operation: byte counts are 32-bit integers. */
const BYTES_MAX = 2 ** 30;

/** What is wrong with an operation of at least `least` bytes by node `src`, in a few words; or undefined. */
export function operationFault(
  nodes: readonly PcieNode[],
  addressBits: 32 | 64,
  src: number,
  address: number,
  bytes: number,
  least: number,
): string | undefined {
  const window = windowBytes(addressBits);
  const space = PCIE_NODES_MAX * window;
  if (nodes[src] === undefined || nodes[src].kind === "switch") {
    return "it is no endpoint and not the root complex";
  }
  if (!(Number.isInteger(bytes) && bytes >= least && bytes <= BYTES_MAX)) {
    return `the length is not an integer in ${least}..${BYTES_MAX}`;
  }
  if (!(Number.isSafeInteger(address) && address >= 0 && address < space)) {
    return `the address is not an integer in 0..${space - 1}`;
  }
  if (address % window + bytes > window) {
    return `it leaves the window of ${window} bytes in which it begins`;
  }
  return Math.floor(address / window) === src ? "the address is its own" : undefined;
}
