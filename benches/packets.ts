/** Work on headers: reading fields, checksums, the RSS hash, on frames of 64 bytes that lie in a row. */
import {
  checkFrame,
  checkHeader,
  checksumIpv4Header20,
  decrementTtl,
  ipv4Dst,
  RSS_KEY_MICROSOFT,
  rssHashIpv4,
  Toeplitz,
  updateChecksum,
} from "../core/mod.ts";
import { type Benchmark, fresh, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4, routes4 } from "./streams.ts";

type Work = (bytes: Uint8Array, at: number) => number;

/** A read of as many words in the same places, then each piece of work. */
export function packets(): Benchmark[] {
  const bytes = framesTo(addresses4("covered", routes4(1000, 4), ITEMS));
  const toeplitz = new Toeplitz(RSS_KEY_MICROSOFT, 12);
  const group = "IPv4 header of 20 bytes";
  const words = new Uint32Array(bytes.buffer);
  const read = fresh(readWords);
  const row = (name: string, work: Work): Benchmark => {
    const pass = fresh(passFrames);
    return { group, name, items: ITEMS, run: () => pass(bytes, work) };
  };
  return [
    { group, name: "a read of five words", items: ITEMS, run: () => read(words) },
    row("destination read", (b, at) => ipv4Dst(b, at)),
    row("frame checked", (b, at) => checkFrame(b, at - 14, 60)),
    row("checksum computed", checksumIpv4Header20),
    row("checksum updated for one word", (b, at) => updateChecksum(b[at + 10]! << 8, b[at]!, 7)),
    row("TTL - 1, incremental checksum", decrementTtl),
    row(
      "checksum verified, TTL - 1, incremental checksum",
      (b, at) => checkHeader(b, at, 46, true) + decrementTtl(b, at),
    ),
    row("Toeplitz of 12 bytes", (b, at) => toeplitz.hash(b, at + 12, 12)),
    row("RSS hash of the packet", (b, at) => rssHashIpv4(b, at, toeplitz)),
  ];
}

function readWords(words: Uint32Array): number {
  let sum = 0;
  for (let at = 4; at < words.length; at += 16) {
    sum ^= words[at]! ^ words[at + 1]! ^ words[at + 2]! ^ words[at + 3]! ^ words[at + 4]!;
  }
  return sum;
}

function passFrames(bytes: Uint8Array, work: Work): number {
  let sum = 0;
  for (let at = 14; at < bytes.length; at += 64) sum = (sum + work(bytes, at)) | 0;
  return sum;
}
