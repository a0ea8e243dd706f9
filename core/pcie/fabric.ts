import type { Choices } from "../time/choices.ts";
import type { PcieLedger } from "./link/trace.ts";

/**
 * What moves bytes between the root complex and the devices, and between devices: links and one switch.
 * Three fidelities stand behind this interface: coarse (links as servers), TLP (packets of the PCIe
 * transaction layer with credits) and link (the data link layer too: `link/`). All are lossless and push back.
 *
 * Nodes: 0 is the root complex with the host's memory and CPUs, 1 + i is device i.
 *
 * Contract. Nothing calls back from inside `write` or `read`: handlers are run by the clock. Writes of one
 * source to one destination land in the order in which they were made, and a read does not overtake an
 * earlier write of its requester (PCIe base specification, ordering rules, relaxed ordering off). A source
 * asks `room` first; without room the operation is a programming error. `onRoom` names the handler that the
 * fabric schedules, at the instant room comes back to a source that was refused.
 */
export interface Fabric {
  /** `"coarse"`, `"tlp"` or `"link"`. */
  readonly fidelity: Fidelity;
  /**
   * Posted write of `bytes` from `src` to `dst`; `handler(arg)` runs when the last byte is visible there.
   * `address` says where in host memory, for a fabric that models it; below 0 or left out: no memory is meant.
   */
  write(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address?: number,
  ): void;
  /** Read of `bytes` by `src` from `dst`, likewise; `handler(arg)` runs when the last byte has come back. */
  read(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address?: number,
  ): void;
  /** Whether `src` may start another operation now. A refusal is remembered: see `onRoom`. */
  room(src: number): boolean;
  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void;
  /**
   * Prepares for `devices` devices with this geometry; afterwards equal to a new one. `choices`, if given, are asked
   * for faults: which UpdateFC is late, which TLP is corrupted.
   */
  reset(devices: number, geometry: FabricGeometry, choices?: Choices | null): void;
  /** Bytes that crossed each link direction so far. */
  links(): LinkAccount[];
  /**
   * The credit ledger of each link direction and class as it stands at `at`, now or later: UpdateFCs that are
   * on their way and reach their sender by then count as returned. Empty where the fidelity has none.
   */
  credits(at: number): CreditAccount[];
  /**
   * Whether every operation has ended and every credit is back; offered where timers of the links can be all that
   * an operation waits for, so that a run does not end before they are over.
   */
  readonly isQuiet?: boolean;
  /** What happened to every TLP and DLLP since the last reset, if that asked for it; where DLLPs are modelled. */
  ledger?(): PcieLedger | null;
  /** How full the switch was and whom it held up; not offered where no switch is modelled. */
  congestion?(): CongestionAccount;
  /**
   * A fault of hardware, until the next reset: a switch that forgets flow control. Posted TLPs that would make
   * it hold more than `bytes` of payload are lost and their sender learns nothing of it; `lost` is told of the
   * handler and argument of each write that will never be visible. Not offered where no TLP is modelled.
   */
  loseBeyond?: ((bytes: number, lost: (handler: number, arg: number) => void) => void) | undefined;
}

/** The switch in one run. */
export interface CongestionAccount {
  /** Most bytes of payload that waited in it at once. */
  readonly peakBytes: number;
  /** Bytes of payload for which its ports advertise credits, all classes together. */
  readonly poolBytes: number;
  /** Posted TLPs that it lost; 0 unless it is faulty. */
  readonly lostTlps: number;
  /** By node: picoseconds for which a source had something to send and neither credits nor tags. */
  readonly stalledPs: readonly number[];
}

/** How closely the fabric is modelled. */
export type Fidelity = "coarse" | "tlp" | "link";

/** Sizes that a scenario may draw: buffers of a link's receiver, in credits. */
export interface FabricGeometry {
  /** Header credits for each of posted, non-posted, completion at every receiver (>= 1). */
  readonly headerCredits: number;
  /** Data credits of 16 bytes for each class at every receiver (>= one MPS). */
  readonly dataCredits: number;
  /** Maximum payload size in bytes. */
  readonly mps: number;
  /** Maximum read request size in bytes. */
  readonly mrrs: number;
  /** Whether a ledger of TLPs and DLLPs is kept, where they are modelled; false if left out. */
  readonly ledger?: boolean;
}

/** What crossed one direction of one link. */
export interface LinkAccount {
  /** E.g. `"nic0>switch"`. */
  readonly name: string;
  /** Bytes of payload. */
  readonly payloadBytes: number;
  /** Bytes of TLPs with framing, sequence number, header and LCRC (24 for MWr and MRd, 20 for CplD). */
  readonly tlpBytes: number;
  /** TLPs sent, by class: posted, non-posted, completion. */
  readonly tlps: readonly [number, number, number];
}

/** Credit classes in the order of InitFC. */
export type CreditClass = "posted" | "non-posted" | "completion";

/** The account of one credit counter at the end of a run. */
export interface CreditAccount {
  /** Link direction, as in {@link LinkAccount}. */
  readonly link: string;
  /** Class of TLPs that it counts. */
  readonly class: CreditClass;
  /** What one credit stands for: a header, or 16 bytes of data. */
  readonly unit: "header" | "data";
  /** Credits advertised at initialisation. */
  readonly advertised: number;
  /** Cumulative credits consumed by the sender. */
  readonly consumed: number;
  /** Cumulative credits returned to the sender by UpdateFC. */
  readonly returned: number;
  /** Credits whose TLPs the receiver still holds, and updates still on their way. */
  readonly held: number;
  /** The smallest number of credits the sender ever had left (negative: it overran the receiver). */
  readonly leastLeft: number;
  /** The largest number of credits the sender ever had (above `advertised`: one was returned twice). */
  readonly mostLeft: number;
}

/** Rates and delays of the fabric, from the machine's profile. */
export interface FabricProfile {
  /** Effective TLP rate of a device's link, each direction, in Gb/s (ACK and UpdateFC DLLPs accounted). */
  readonly deviceLinkGbps: number;
  /** The same of the switch's upstream link. */
  readonly hostLinkGbps: number;
  /** Bytes of header, sequence number, LCRC and framing of a memory write. */
  readonly writeOverheadBytes: number;
  /** The same of a memory read. */
  readonly readOverheadBytes: number;
  /** The same of a completion with data. */
  readonly completionOverheadBytes: number;
  /** Read completion boundary of the root complex, in bytes. */
  readonly rcbBytes: number;
  /** Latency of the switch, cut-through, in ps. */
  readonly switchPs: number;
  /** From arrival of a posted write at the root complex until the bytes are visible to a CPU, in ps. */
  readonly hostWritePs: number;
  /** From arrival of a read at the root complex until its first completion leaves, in ps. */
  readonly hostReadPs: number;
  /** From arrival of a posted write at a device until its memory or register shows it, in ps. */
  readonly deviceWritePs: number;
  /** From arrival of a read at a device until its first completion leaves, in ps. */
  readonly deviceReadPs: number;
  /** Longest time a freed receive buffer waits for the UpdateFC that returns it, in ps. */
  readonly updateFcPs: number;
  /** Coarse only: how far ahead a link may be reserved before its sources are held, in ps. */
  readonly windowPs: number;
}

/** Number of the root complex. */
export const HOST = 0;
