/** What `p2pnic` may be told, and what it refuses. */

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
  /** The NICs' table; `state-jump` when left out. */
  readonly table?: P2pnicTable;
  /** Bytes of NIC memory for the table; the 6e6 of the EMEM caches when left out (P2PNIC, 6.1). */
  readonly tableBytes?: number;
  /** Descriptors that a write carries at most, 1..8; 8 when left out. */
  readonly batch?: number;
}

/** Options with every default filled in. */
export interface Settings extends Required<Omit<P2pnicOptions, "fixedPort">> {
  readonly fixedPort: readonly number[] | null;
}

/** Both EMEM SRAM caches of an Agilio CX, 2 x 3 MB (P2PNIC, 6.1). */
const EMEM_BYTES = 6e6;

/** @throws {RangeError} naming the option that is none, and what was expected */
export function settingsOf(options: P2pnicOptions): Settings {
  const {
    variant = "wr",
    routing = true,
    fixedPort = null,
    table = "state-jump",
    tableBytes = EMEM_BYTES,
    batch = 8,
  } = options;
  check("variant", variant, ["wr", "rd", "bn"]);
  check("table", table, ["state-jump", "dxr", "dir24-8-compact", "dir24-8"]);
  if (!(Number.isInteger(batch) && batch >= 1 && batch <= 8)) {
    throw new RangeError(`Cannot make p2pnic: batch is ${batch}, not an integer in 1..8`);
  }
  if (!(Number.isInteger(tableBytes) && tableBytes >= 0)) {
    throw new RangeError(`Cannot make p2pnic: tableBytes is ${tableBytes}, not a number of bytes`);
  }
  return { variant, routing, fixedPort, table, tableBytes, batch };
}

function check(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new RangeError(`Cannot make p2pnic: ${name} is "${value}", not one of ${known.join(", ")}`);
}
