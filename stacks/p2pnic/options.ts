/** What `p2pnic` may be told, and what it refuses. */
import type { DmaTrace } from "../../core/nic/peer_dma.ts";

/** How a frame gets from the ingress to the egress NIC (P2PNIC, 3.2 and 4). */
export type P2pnicVariant = "wr" | "rd" | "bn";

/** The look-up table that each NIC keeps in its own memory. */
export type P2pnicTable = "state-jump" | "dxr" | "dir24-8-compact" | "dir24-8";

/** Options of {@link p2pnic}; each has a default. */
export interface P2pnicOptions {
  /**
   * `wr`: the ingress NIC writes the frame into the egress NIC. `rd`: the egress NIC reads it out of the
   * ingress NIC. `bn`: both through host memory and CPU. `wr` when left out.
   */
  readonly variant?: P2pnicVariant;
  /** Whether packets are routed; `false` sends all of a NIC to one fixed port, unchanged. `true` when left out. */
  readonly routing?: boolean;
  /** Without routing: the egress port of each ingress port; when left out, ports are cabled in pairs. */
  readonly fixedPort?: readonly number[];
  /** The NICs' table; when left out, `state-jump` if that fits, else `dxr`. */
  readonly table?: P2pnicTable;
  /** Bytes of NIC memory for the table; the 6e6 of the EMEM caches when left out (P2PNIC, 6.1). */
  readonly tableBytes?: number;
  /** Descriptors that a write carries at most, 1..8; 8 when left out. */
  readonly batch?: number;
  /**
   * `none`: the switch has no flow control and loses posted TLPs when its pool is full, a fault that the
   * egress NICs detect by the sum that a descriptor carries and by the sequence of ring entries (P2PNIC, 3.2).
   * Wr on the fabric of TLPs only. `static` when left out.
   */
  readonly creditMode?: "static" | "none";
  /** With `creditMode: "none"`: bytes of the switch's pool; 8192 when left out. */
  readonly switchPoolBytes?: number;
  /** A NIC that is pulled out: which, and how many microseconds after the start. */
  readonly removal?: { readonly port: number; readonly afterUs: number };
  /** Takes the lines of the driver's log. */
  readonly log?: (line: string) => void;
  /** Takes note of every DMA. */
  readonly trace?: DmaTrace;
}

/** What may be left out for good. */
type Optional = "fixedPort" | "table" | "removal" | "log" | "trace";

/** Options with every default filled in. */
export type Settings = Required<Omit<P2pnicOptions, Optional>> & Pick<P2pnicOptions, Optional>;

/** Both EMEM SRAM caches of an Agilio CX, 2 x 3 MB (P2PNIC, 6.1). */
const EMEM_BYTES = 6e6;

/** @throws {RangeError} naming the option that is none, and what was expected */
export function settingsOf(options: P2pnicOptions): Settings {
  const settings = {
    variant: "wr",
    routing: true,
    tableBytes: EMEM_BYTES,
    batch: 8,
    creditMode: "static",
    switchPoolBytes: 8192,
    ...options,
  } as const;
  const { variant, creditMode, removal } = settings;
  oneOf("variant", variant, ["wr", "rd", "bn"]);
  const tables = ["state-jump", "dxr", "dir24-8-compact", "dir24-8"];
  if (settings.table !== undefined) oneOf("table", settings.table, tables);
  oneOf("creditMode", creditMode, variant === "wr" ? ["static", "none"] : ["static"]);
  integer("batch", settings.batch, 1, 8);
  integer("tableBytes", settings.tableBytes, 0, 2 ** 40);
  integer("switchPoolBytes", settings.switchPoolBytes, 0, 2 ** 40);
  if (removal !== undefined) {
    integer("removal.port", removal.port, 0, 255);
    integer("removal.afterUs", removal.afterUs, 0, 1e6);
    if (variant === "bn") throw new RangeError("Cannot make p2pnic: removal is for wr and rd");
  }
  return settings;
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new RangeError(`Cannot make p2pnic: ${name} is "${value}", not one of ${known.join(", ")}`);
}

function integer(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot make p2pnic: ${name} is ${value}, not an integer in ${least}..${most}`,
  );
}
