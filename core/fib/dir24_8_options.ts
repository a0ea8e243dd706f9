/** Shape and limits of a `Dir24_8`. */
export interface Dir24_8Options {
  /**
   * Address bits that the first level resolves: 24 as in rte_lpm, fewer where 64 MiB are too many.
   */
  readonly firstBits: 24 | 16 | 8;
  /** tbl8 groups, 1 KiB each, shared by all levels below the first. */
  readonly groups: number;
  /** Most routes it takes, 8 bytes each in rte_lpm's account. */
  readonly maxRules: number;
  /** Whether depth 0 is taken. rte_lpm refuses it. */
  readonly defaultRoute: boolean;
  /**
   * Memory of at least `dir24_8Bytes` bytes for a table that other threads look up in while this
   * one changes it; none.
   */
  readonly shared?: SharedArrayBuffer | undefined;
  /** With `shared`, most readers that can be attached at a time; 1 when left out. */
  readonly readers?: number;
}
