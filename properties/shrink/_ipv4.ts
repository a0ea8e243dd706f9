import { writeU16 } from "../../core/packet/bytes.ts";
import { checksum, fold, sumWords } from "../../core/packet/checksum.ts";

/** Whether a header of `length` bytes verifies (RFC 1071, 1). */
export function ipv4HeaderChecksumOk(bytes: Uint8Array, at: number, length: number): boolean {
  return fold(sumWords(bytes, at, length, 0)) === 0xffff;
}

/** Writes the checksum that a header should have. */
export function writeIpv4Checksum(bytes: Uint8Array, at: number, length: number): void {
  writeU16(bytes, at + 10, 0);
  writeU16(bytes, at + 10, checksum(bytes, at, length));
}
