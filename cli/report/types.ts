/** What a report consists of. */
import type { StackResult } from "./result.ts";

/** Grows when a reader of the old form would misread the new one. */
export const REPORT_VERSION = 1;

/** The routes that were compared on. */
export interface RoutesRecord {
  /** Made here, or read from a file. */
  source: "generated" | "file";
  /** Path as given, or what was generated. */
  name: string;
  /** Routes. */
  count: number;
  /** Next hops; number N lies on port N modulo the number of ports. */
  nextHops: number;
  /** IPv6 lines that were left out. */
  skippedIpv6: number;
  /** Prefixes whose host bits were masked off. */
  masked: number;
  /** Prefixes that stood there before; the last one counts. */
  duplicates: number;
}

/** Where a capture was cut: everything before was used. */
export interface CutRecord {
  /** Byte of the (unpacked) file. */
  offset: number;
  /** What was expected there. */
  reason: string;
}

/** What became of the packets of a capture before they were offered. */
export interface CaptureRecord {
  /** What the file is. */
  format: "pcap" | "pcapng";
  /** Packets of the file. */
  packets: number;
  /** Packets offered. */
  offered: number;
  /** Frames filled up to 60 bytes. */
  padded: number;
  /** Frames of which the file holds the beginning only. */
  truncated: number;
  /** Packets left out because no port accepts their length. */
  oversize: number;
  /** Packets left out because their link cannot be turned into Ethernet. */
  otherLink: number;
  /** Packets left out because `--count` was reached. */
  beyondCount: number;
  /** Where the file was cut; null when it was whole. */
  cut: CutRecord | null;
}

/** Generated frames that must be dropped, by what is wrong with them. */
export interface FaultsRecord {
  /** TTL 1 on arrival. */
  ttl1: number;
  /** No prefix covers the destination. */
  noRoute: number;
  /** The header checksum does not verify. */
  badChecksum: number;
  /** Shorter than 64 bytes. */
  runt: number;
}

/** The frames that were offered. */
export interface TrafficRecord {
  /** Made here, or read from a capture. */
  source: "generated" | "capture";
  /** Path as given, or what was generated. */
  name: string;
  /** Frames. */
  packets: number;
  /** Bytes with FCS, without preamble and gap. */
  wireBytes: number;
  /** Ports that frames came in on. */
  inputPorts: number[];
  /** Rate of each input port in Gb/s, preamble and gap counted in. */
  rateGbps: number;
  /** Which ports send to which; null for a capture. */
  pattern: string | null;
  /** Seed; null for a capture. */
  seed: number | null;
  /** Frames made to be dropped; null for a capture. */
  faults: FaultsRecord | null;
  /** About the capture; null for generated frames. */
  capture: CaptureRecord | null;
}

/** One law of the set that judged. */
export interface LawRecord {
  /** E.g. `LOSS-2`. */
  id: string;
  /** What must hold. */
  statement: string;
  /** Who says so. */
  clause: string;
}

/** What made a report. */
export interface ToolRecord {
  /** Name of the package. */
  name: string;
  /** Its version. */
  version: string;
  /** Version of the law set. */
  lawSet: number;
}

/** The simulated machine. */
export interface MachineRecord {
  /** Name of the profile. */
  profile: string;
  /** Which machine it stands for. */
  description: string;
  /** Ethernet ports, one NIC each. */
  ports: number;
  /** Lcores that forward. */
  lcores: number;
  /** Rate of a port in Gb/s. */
  linkGbps: number;
  /** Clock of an lcore in MHz. */
  cpuMhz: number;
  /** How closely PCIe is modelled. */
  fidelity: "tlp" | "coarse" | "link";
}

/** A whole report. */
export interface Report {
  /** {@link REPORT_VERSION}. */
  version: typeof REPORT_VERSION;
  /** What made it. */
  tool: ToolRecord;
  /** The command line that makes this report again. */
  command: string;
  /** What kind of figures these are. */
  basis: string;
  /** The simulated machine. */
  machine: MachineRecord;
  /** The routes. */
  routes: RoutesRecord;
  /** The frames offered. */
  traffic: TrafficRecord;
  /** The laws that judged. */
  laws: LawRecord[];
  /** One result for each stack, in the order asked for. */
  stacks: StackResult[];
}
