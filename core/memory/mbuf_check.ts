/**
 * What is wrong with a packet buffer, as rte_mbuf_check asks: for tests and for code that has lost its way.
 * Reads everything, changes nothing, and ends on any input.
 */
import { SEGMENTS_MAX } from "./mbuf.ts";
import { EXTERNAL } from "./mbuf_external.ts";
import { REFERENCES_MAX } from "./mbuf_share.ts";
import { type Memory, STRIDE } from "./memory.ts";

/**
 * The first thing that is wrong with the packet in buffer `b`, or "" when it is sane: every segment is a
 * buffer of a region, in use as far as a ledger knows, within its owner's bytes and with a possible number
 * of references, and the chain ends. O(segments).
 *
 * @example
 * ```ts
 * import { checkMbuf, Memory } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(2);
 * const { first } = memory.region("mempool", 0, 2);
 * assertEquals(checkMbuf(memory, first), "");
 * memory.length[first] = 4000;
 * assertEquals(
 *   checkMbuf(memory, first),
 *   "buffer 0: 4000 bytes from 128 on do not lie in the 2048 of buffer 0",
 * );
 * ```
 */
export function checkMbuf(memory: Memory, b: number): string {
  let n = 0;
  for (let s = b; s !== -1; s = memory.next[s]!) {
    if (++n > SEGMENTS_MAX || n > memory.used) {
      return `buffer ${b}: its segments close on themselves, or are more than ${SEGMENTS_MAX}`;
    }
    const reason = checkSegment(memory, s);
    if (reason !== "") return s === b ? reason : `${reason} (segment ${n} of buffer ${b})`;
  }
  return n === 0 ? "buffer -1: is none" : "";
}

function checkSegment(memory: Memory, b: number): string {
  const { ledger, used } = memory;
  if (!Number.isInteger(b) || b < 0 || b >= used) {
    return `buffer ${b}: is in no region, ${used} buffers are`;
  }
  if (ledger !== null && ledger.isFree(b)) return `buffer ${b}: is free`;
  const references = memory.references[b]!;
  if (references < 1 || references > REFERENCES_MAX) {
    return `buffer ${b}: has ${references} references, expected 1..${REFERENCES_MAX}`;
  }
  const of = memory.owner[b]!;
  if (of === EXTERNAL) return checkExternal(memory, b);
  if (of !== b) {
    const reason = checkOwner(memory, of);
    if (reason !== "") return `buffer ${b}: shows the bytes of buffer ${of}, which ${reason}`;
  }
  const from = memory.offset[b]! - of * STRIDE;
  const length = memory.length[b]!;
  if (from < 0 || length < 0 || from + length > STRIDE) {
    return `buffer ${b}: ${length} bytes from ${from} on do not lie in the ${STRIDE} of buffer ${of}`;
  }
  return "";
}

function checkExternal(memory: Memory, b: number): string {
  const external = memory.external.get(b);
  if (external === undefined) return `buffer ${b}: shows external bytes that nobody attached`;
  const { at, end, references } = external;
  if (references < 1) return `buffer ${b}: shows external bytes with ${references} references`;
  const [from, length] = [memory.offset[b]!, memory.length[b]!];
  if (from < at || length < 0 || from + length > end) {
    return `buffer ${b}: ${length} bytes at ${from} do not lie in the external ones ${at}..${
      end - 1
    }`;
  }
  return "";
}

function checkOwner(memory: Memory, of: number): string {
  const { ledger, used } = memory;
  if (of < 0 || of >= used) return "is in no region";
  if (memory.owner[of] !== of) return `shows those of buffer ${memory.owner[of]} itself`;
  if (memory.references[of]! < 1) return `has ${memory.references[of]} references`;
  if (ledger !== null && ledger.isFree(of)) return "is free";
  return "";
}
