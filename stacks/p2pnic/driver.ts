/**
 * The driver of P2PNIC (P2PNIC, 3.1 and 4): it maps the NICs' memories, sets rings and buffers aside in them,
 * tells every NIC the bus addresses of its peers' and is gone before the first packet. What does not fit a
 * NIC's memory it refuses, with the bytes.
 */
import { STRIDE } from "../../core/memory/memory.ts";
import { ENTRY_BYTES } from "../../core/nic/peer_dma.ts";
import type { P2pnicVariant } from "./options.ts";

/** Where the first NIC's memory is mapped: above 4 GiB, as 64-bit prefetchable BARs are (assumed). */
const BAR_BASE = 0x3800000000;

/** One ring or one set of buffers in the memory of a NIC, as its peers address it. */
export interface MapEntry {
  /** NIC in whose memory it lies. */
  readonly nic: number;
  /** E.g. `desc_ring[0][1]`: written by NIC 0, read by NIC 1. */
  readonly name: string;
  /** Bus address. */
  readonly address: number;
  /** How many elements, and the bytes of each. */
  readonly count: number;
  readonly each: number;
  /** The peer that is told of it. */
  readonly peer: number;
}

/** The map of all NICs' memories: per ordered pair a descriptor ring, buffers, and a completion ring. */
export function memoryMap(
  variant: P2pnicVariant,
  nics: number,
  slots: number,
  barBytes: number,
): MapEntry[] {
  const map: MapEntry[] = [];
  // bn keeps rings and buffers in host memory: the NICs have nothing to tell each other
  if (variant === "bn") return map;
  for (let nic = 0; nic < nics; nic++) {
    let address = BAR_BASE + nic * barBytes;
    const put = (name: string, each: number, peer: number): void => {
      map.push({ nic, name, address, count: slots, each, peer });
      address += slots * each;
    };
    for (let peer = 0; peer < nics; peer++) {
      if (peer === nic) continue;
      put(`pkt_buf[${nic}][${peer}]`, STRIDE, peer);
      put(`desc_ring[${peer}][${nic}]`, ENTRY_BYTES, peer);
      put(`done_ring[${nic}][${peer}]`, ENTRY_BYTES, peer);
    }
  }
  return map;
}

/** Starts the NICs: nothing of the driver runs after it returns. */
export class Driver {
  readonly #log: (line: string) => void;
  readonly map: readonly MapEntry[];
  /** Bytes that rings and buffers take in each NIC. */
  readonly bytes: number = 0;

  /** @throws {RangeError} when a NIC's memory of `barBytes` does not hold what its peers need */
  constructor(
    variant: P2pnicVariant,
    nics: number,
    slots: number,
    barBytes: number,
    log: (line: string) => void,
  ) {
    this.#log = log;
    this.map = memoryMap(variant, nics, slots, barBytes);
    this.bytes = this.map.reduce((sum, m) => m.nic === 0 ? sum + m.count * m.each : sum, 0);
    if (this.bytes > barBytes) {
      throw new RangeError(
        `Cannot boot ${nics} NICs: rings and buffers of ${slots} slots for each of ${nics - 1} ` +
          `peers need ${this.bytes} bytes of each NIC's memory, which has ${barBytes}`,
      );
    }
    this.#start(nics, barBytes);
  }

  /** Maps, allocates, exchanges addresses, starts the firmware; the MACs receive last. */
  #start(nics: number, barBytes: number): void {
    const every = (line: (nic: number) => string): void => {
      for (let nic = 0; nic < nics; nic++) this.#log(`nic${nic}: ${line(nic)}`);
    };
    every((nic) => `BAR at ${hex(BAR_BASE + nic * barBytes)}, ${barBytes} bytes`);
    for (const { nic, name, address, count, each } of this.map) {
      this.#log(`nic${nic}: ${name} at ${hex(address)}, ${count} x ${each} bytes`);
    }
    for (const { nic, name, address, peer } of this.map) {
      this.#log(`nic${peer}: told that ${name} of nic${nic} is at ${hex(address)}`);
    }
    every(() => "polling on");
    every(() => "MAC receive on");
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
