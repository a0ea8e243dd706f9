/**
 * The tracepoints xdp:* as counters of one CPU, and what a driver counts. Losses behind a redirect show here and
 * nowhere else. Source: Linux include/trace/events/xdp.h; xdp-tools xdp-monitor.
 */

/** What one CPU has seen. */
export interface Tracepoints {
  /** Frames that a program was run on, by its verdict: aborted, drop, pass, tx, redirect. */
  readonly action: [number, number, number, number, number];
  /** Frames that came while no program was attached. */
  bypassed: number;
  /** Verdicts that are none (counted in `action` as aborted). */
  unknown: number;
  /** xdp:xdp_exception: aborted, unknown verdicts, frames that XDP_TX found no descriptor for. */
  exception: number;
  /** xdp:xdp_redirect and xdp_redirect_err, both with and without a map. */
  redirect: number;
  redirectErr: number;
  /** xdp:xdp_devmap_xmit: calls, sent, drops, errors. */
  devmapCalls: number;
  devmapSent: number;
  devmapDrops: number;
  devmapErr: number;
  /** Most frames of one call. */
  devmapMost: number;
  /** Frames handed to a bulk queue, and frames that came back when they were sent, of whichever way. */
  devmapEnqueued: number;
  /** Frames that a second program, or the program of a cpumap entry, was run on. */
  egressRuns: number;
  kthreadRuns: number;
  /** Frames passed out of a process's memory that found no page of the kernel's. */
  passLost: number;
  returned: number;
  /** Frames that the second program of a devmap entry dropped. */
  devmapProgDrops: number;
  /** xdp:xdp_cpumap_enqueue: calls, processed, drops. */
  cpumapCalls: number;
  cpumapEnqueued: number;
  cpumapDrops: number;
  /** xdp:xdp_cpumap_kthread: processed, sched, and verdicts of its program. */
  kthreadProcessed: number;
  kthreadSched: number;
  kthreadPass: number;
  kthreadDrop: number;
  kthreadRedirect: number;
  /** Most frames of one batch of the thread. */
  kthreadMost: number;
  /** Frames sent by XDP_TX, and those that found the ring full. */
  txSent: number;
  txFull: number;
}

/** All zero. */
export function newTracepoints(): Tracepoints {
  return {
    ...{
      action: [0, 0, 0, 0, 0],
      bypassed: 0,
      unknown: 0,
      exception: 0,
      redirect: 0,
      redirectErr: 0,
    },
    ...{ devmapCalls: 0, devmapSent: 0, devmapDrops: 0, devmapErr: 0, devmapMost: 0 },
    ...{
      devmapEnqueued: 0,
      egressRuns: 0,
      kthreadRuns: 0,
      passLost: 0,
      returned: 0,
      devmapProgDrops: 0,
      cpumapCalls: 0,
      cpumapEnqueued: 0,
      cpumapDrops: 0,
    },
    ...{ kthreadProcessed: 0, kthreadSched: 0, kthreadPass: 0, kthreadDrop: 0 },
    ...{ kthreadRedirect: 0, kthreadMost: 0, txSent: 0, txFull: 0 },
  };
}
