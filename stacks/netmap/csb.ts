/**
 * The communication block of one ring between a guest and its host (CSB): all that they share beside the ring's slots
 * and buffers. Each side writes one half and reads the other.
 *
 * The guest publishes head and cur; the host publishes hwcur and hwtail. A side that is about to sleep asks for a
 * notification (`...NeedKick`), and looks once more: whoever publishes looks at the other's wish after it has
 * published. With a store that is visible before the following load, one of the two sees the other; without it both
 * may miss. A side that is awake takes its wish back, so that under load nobody notifies anybody.
 *
 * Source: netmap sys/net/netmap.h (struct nm_csb_atok, nm_csb_ktoa), sys/dev/netmap/netmap_kloop.c.
 */

/** One ring's block. */
export class Csb {
  /** Guest to host (nm_csb_atok). */
  head = 0;
  cur = 0;
  applNeedKick = false;
  syncFlags = 0;
  /** Host to guest (nm_csb_ktoa). */
  hwcur = 0;
  hwtail: number;
  kernNeedKick = true;
  /** VM exits to kick the host, and interrupts into the guest. */
  kicks = 0;
  interrupts = 0;

  /** Of a ring whose tail is at `hwtail`. */
  constructor(hwtail: number) {
    this.hwtail = hwtail;
  }
}

/** Cycles at the border of a virtual machine. */
export interface BorderCosts {
  /** Reading the other side's half of a block and writing one's own: lines that another core has. */
  readonly csb: number;
  /** A write that leaves the guest and its return: an exit with ioeventfd. */
  readonly vmExit: number;
  /** Signalling an irqfd: an interrupt into the guest. */
  readonly inject: number;
}
