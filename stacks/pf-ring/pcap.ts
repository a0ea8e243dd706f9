/**
 * libpcap on PF_RING: pcap_next_ex and pcap_stats over an open ring, and the savefile that tcpdump -w writes with it.
 * Programs of libpcap see the same packets as those of PF_RING, with the library's own lengths and times.
 *
 * Source: PF_RING 8.9.0, userland/libpcap (pcap-linux.c with PF_RING); draft-ietf-opsawg-pcap, 4 (file header), 5 (packet
 * record).
 */
import type { Cpu } from "../../core/stack.ts";
import type { PfRing } from "./pfring.ts";

/** What libpcap says of a packet: pcap_pkthdr, its time in nanoseconds, and its bytes in the mapped ring. */
export interface PcapPacket {
  /** When the kernel took it. */
  readonly timestampNs: number;
  /** Bytes that were captured. */
  readonly caplen: number;
  /** Bytes that it had. */
  readonly len: number;
  /** The mapped ring. */
  readonly bytes: Uint8Array;
  /** Where the packet lies in it. */
  readonly at: number;
}

/** pcap_stats: packets received and dropped, those dropped included in neither other. */
export interface PcapStats {
  readonly psRecv: number;
  readonly psDrop: number;
}

/** pcap_next_ex: the next packet, which lies in the ring until `done` of the ring is called; null when there is none. */
export function pcapNextEx(cpu: Cpu, ring: PfRing): PcapPacket | null {
  if (!ring.recv(cpu)) return null;
  const { timestampNs, caplen, len } = ring.hdr;
  return { timestampNs, caplen, len, bytes: ring.bytes, at: ring.at };
}

/** pcap_stats of a ring. */
export function pcapStats(ring: PfRing): PcapStats {
  const { recv, drop } = ring.stats();
  return { psRecv: recv, psDrop: drop };
}

const MAGIC_NS = 0xa1b23c4d;
const LINKTYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const NS_PER_S = 1e9;

/**
 * What tcpdump writes: a capture file that any reader of pcap opens.
 *
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, readCapture, x520Host } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { PcapSavefile, pfRing } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const savefile = new PcapSavefile();
 * const tcpdump = { application: "pfcount", savefile, caplen: 96, watermark: 1 } as const;
 * new Testbed(pfRing({ applications: [tcpdump] }), machineProfile(x520Host)).run(build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * assertEquals(readCapture("tcpdump.pcap", savefile.bytes()).count, 1);
 * ```
 */
export class PcapSavefile {
  #records: Uint8Array[] = [];
  #snaplen = 0;

  /** Empty again: a capture begins. */
  begin(snaplen: number): void {
    this.#records = [];
    this.#snaplen = snaplen;
  }

  /** pcap_dump. */
  dump({ timestampNs, caplen, len, bytes, at }: PcapPacket): void {
    const record = new Uint8Array(RECORD_HEADER_BYTES + caplen);
    const view = new DataView(record.buffer);
    const seconds = Math.floor(timestampNs / NS_PER_S);
    view.setUint32(0, seconds, true);
    view.setUint32(4, timestampNs - seconds * NS_PER_S, true);
    view.setUint32(8, caplen, true);
    view.setUint32(12, len, true);
    record.set(bytes.subarray(at, at + caplen), RECORD_HEADER_BYTES);
    this.#records.push(record);
  }

  /** The file as it would lie on disk. */
  bytes(): Uint8Array {
    const total = this.#records.reduce((sum, { length }) => sum + length, FILE_HEADER_BYTES);
    const file = new Uint8Array(total);
    const view = new DataView(file.buffer);
    view.setUint32(0, MAGIC_NS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, this.#snaplen, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
    let at = FILE_HEADER_BYTES;
    for (const record of this.#records) {
      file.set(record, at);
      at += record.length;
    }
    return file;
  }
}
