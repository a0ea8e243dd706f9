/** What a report says of one stack. Every figure is a prediction of the model, none is measured. */

/** What one law said of one stack. */
export interface VerdictRecord {
  /** The law. */
  id: string;
  /** What it said; `not-judged` is no pass. */
  verdict: "kept" | "broken" | "not-judged";
  /** The finding, or why it was not judged; empty when kept. */
  text: string;
  /** Packets of the run that was judged: laws that run a stack again do so on the first ones only. */
  packets: number;
}

/** What an audit said of one invariant of a stack's own parts. */
export interface InvariantRecord extends VerdictRecord {
  /** What must hold. */
  statement: string;
  /** The document or source file that says so. */
  clause: string;
}

/** Transaction-layer packets by class. */
export interface TlpsRecord {
  /** Writes. */
  posted: number;
  /** Read requests. */
  nonPosted: number;
  /** Completions. */
  completion: number;
}

/** One direction of one PCIe link. */
export interface LinkRecord {
  /** E.g. `nic0>switch`. */
  name: string;
  /** Bytes of payload, descriptors included. */
  payloadBytes: number;
  /** Bytes of TLPs with headers, sequence number, LCRC and framing. */
  tlpBytes: number;
  /** TLPs sent. */
  tlps: TlpsRecord;
}

/** A point of a distribution. */
export interface CdfPoint {
  /** Nanoseconds that the share does not exceed. */
  ns: number;
  /** Share of packets, 0..1. */
  share: number;
}

/** Latency from the last bit in to the last bit out, of the packets forwarded, in nanoseconds. */
export interface LatencyRecord {
  /** The smallest. */
  min: number;
  /** Half of all packets have at most this. */
  p50: number;
  /** Nine tenths have at most this. */
  p90: number;
  /** 99 of 100 have at most this. */
  p99: number;
  /** The largest. */
  max: number;
  /** The distribution, for plots. */
  cdf: CdfPoint[];
}

/** Packets dropped for one reason. */
export interface DropRecord {
  /** Name of the reason. */
  reason: string;
  /** Packets. */
  packets: number;
}

/** Shares of time, 0..1. */
export interface BusyRecord {
  /** Something ran. */
  busy: number;
  /** What ran moved something, or was an interrupt or softirq. */
  useful: number;
}

/** Use of all lcores, and of each. */
export interface CpuRecord extends BusyRecord {
  /** By lcore. */
  lcores: BusyRecord[];
}

/** PCIe traffic; per packet forwarded, summed over every link direction that was crossed. */
export interface PcieRecord {
  /** Bytes of payload per packet; null when none was forwarded. */
  payloadBytes: number | null;
  /** Bytes of TLPs per packet; null when none was forwarded. */
  tlpBytes: number | null;
  /** The part of `tlpBytes` that crossed the link of the root complex. */
  rootTlpBytes: number | null;
  /** Totals by link. */
  links: LinkRecord[];
}

/** How a run went. */
export interface RunRecord {
  /** The machine was quiet, a limit of time or events was met, or the stack threw. */
  end: "quiet" | "horizon" | "limit" | "threw";
  /** Virtual time at the end, in microseconds. */
  virtualUs: number;
  /** Events of the model. */
  events: number;
  /** Hash of all events: equal for equal runs. */
  traceHash: string;
}

/** One counter in the words of the system. */
export interface CounterRecord {
  /** Its name. */
  name: string;
  /** Its value at the end of the run. */
  value: number;
  /** Its unit. */
  unit: string;
}

/** What one stack did. */
export interface StackResult {
  /** Name on the command line. */
  name: string;
  /** Name in the stack's own words. */
  title: string;
  /** What it declares, by which it is judged. */
  policy: Record<string, string | number | boolean | string[]>;
  /** Descriptors of each host ring. */
  rings: number;
  /** Packets offered. */
  offered: number;
  /** Packets forwarded. */
  forwarded: number;
  /** Packets dropped, by reason. */
  dropped: DropRecord[];
  /** Packets whose buffer was freed though nothing had become of them. */
  freed: number;
  /** Packets that still waited at the end. */
  waiting: number;
  /** Rate from the first arrival to the last; null for a single packet. */
  offeredMpps: number | null;
  /** Rate from the first arrival until the last frame had left; null when none was offered. */
  forwardedMpps: number | null;
  /** Null when none was forwarded. */
  latencyNs: LatencyRecord | null;
  /** Use of the lcores. */
  cpu: CpuRecord;
  /** Bytes copied by CPUs for each byte forwarded; null when none was forwarded. */
  copies: number | null;
  /** PCIe traffic. */
  pcie: PcieRecord;
  /** Doorbells per packet forwarded; null when none was. */
  doorbells: number | null;
  /** Interrupts per packet forwarded; null when none was. */
  interrupts: number | null;
  /** One verdict for each law of the report, in its order. */
  laws: VerdictRecord[];
  /** One for each invariant that the stack declares of its own parts. */
  invariants: InvariantRecord[];
  /** How the run went. */
  run: RunRecord;
  /** The system's own counters. */
  counters: CounterRecord[];
}
