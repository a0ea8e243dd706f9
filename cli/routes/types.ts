/** What `planecheck routes` reports. Every figure is counted by the tables themselves. */

/** Grows when a reader of the old form would misread the new one. */
export const ROUTES_REPORT_VERSION = 1;

/** A memory of the NIC that figure 14 of the P2PNIC paper holds tables against. */
export interface NicMemory {
  /** Its name. */
  name: string;
  /** Its size. */
  bytes: number;
}

/** The file of routes. */
export interface RoutesFileRecord {
  /** Path as given. */
  name: string;
  /** What it is. */
  format: "prefix list" | "MRT";
  /** Address family of the routes. */
  family: 4 | 6;
  /** Routes. */
  count: number;
  /** Next hops. */
  nextHops: number;
  /** Lines or entries of the other family that were left out. */
  otherFamily: number;
  /** Prefixes whose host bits were masked off. */
  masked: number;
  /** Prefixes that stood there before; the last one counts. */
  duplicates: number;
  /** MRT records that contradict themselves and were left out. */
  damaged: number;
  /** Where an MRT file ends within a record; null when it is whole. */
  cut: { offset: number; reason: string } | null;
}

/** The file of updates. */
export interface UpdatesFileRecord {
  /** Path as given. */
  name: string;
  /** Updates. */
  count: number;
  /** Announcements among them; the rest withdraw. */
  announced: number;
  /** Prefixes whose host bits were masked off. */
  masked: number;
}

/** Routes of one length. */
export interface LengthRecord {
  /** Length of their prefixes. */
  depth: number;
  /** How many. */
  routes: number;
}

/** Dependent reads per look-up. */
export interface ReadsRecord {
  /** Mean over the addresses of a stream. */
  mean: number;
  /** The largest. */
  max: number;
}

/** A table with all routes in it. */
export interface TableState {
  /** Routes that it holds. */
  routes: number;
  /** Bytes that it has set aside. */
  bytesReserved: number;
  /** Bytes of those that hold something. */
  bytesOccupied: number;
  /** Reads on each stream of addresses. */
  reads: { random: ReadsRecord; covered: ReadsRecord };
}

/** A table that would not take all routes. */
export interface RefusalRecord {
  /** Routes of the sample that it had taken by then. */
  after: number;
  /** What it said; null when it only answered that there is no room. */
  reason: string | null;
  /**
   * Bytes in which it takes all routes: the least (for poptrie and dxr when they are loaded at once), but for lc-trie,
   * bspl, bspl6, dir24-8-compact and dir24-8-byte what they had set aside as they grew. Null when it takes them in none.
   */
  bytesNeeded: number | null;
}

/** A point of a curve. */
export interface CurvePoint {
  /** Routes. */
  routes: number;
  /** Bytes that they occupy. */
  bytesOccupied: number;
}

/** What became of the updates in a table. */
export interface UpdatedRecord extends TableState {
  /** Announcements that it had no room for. */
  refused: number;
}

/** What one kind of table does with the routes. */
export interface TableRecord {
  /** Name of the kind. */
  kind: string;
  /** Why it would not take all routes with its usual limits and the memory given; null when it did. */
  refused: RefusalRecord | null;
  /** The table with all routes, after a refusal without those limits; null when it does not take them. */
  filled: TableState | null;
  /** Occupied bytes as the sample of routes grows. */
  curve: CurvePoint[];
  /**
   * For each of the NIC's memories, routes of the sample with which the table first occupies more; null when it
   * never does.
   */
  beyondAt: (number | null)[];
  /** After the updates; null without updates, or without a table of all routes. */
  updated: UpdatedRecord | null;
}

/** A whole report on routes. */
export interface RoutesReport {
  /** {@link ROUTES_REPORT_VERSION}. */
  version: typeof ROUTES_REPORT_VERSION;
  /** What made it. */
  tool: { name: string; version: string };
  /** The command line that makes this report again. */
  command: string;
  /** What kind of figures these are, and on what they were counted. */
  basis: string[];
  /** Where the routes came from. */
  file: RoutesFileRecord;
  /** Where the updates came from; null for none. */
  updates: UpdatesFileRecord | null;
  /** Seed of the sample and of the addresses. */
  seed: number;
  /** Bytes that every table was given; null for its own limits. */
  memory: number | null;
  /** What the curves are held against. */
  nicMemories: NicMemory[];
  /** Lengths in use, ascending. */
  lengths: LengthRecord[];
  /** One record for each kind. */
  tables: TableRecord[];
}
