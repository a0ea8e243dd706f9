/**
 * What `p2pnic show rings`, `peers`, `credits`, `lpm` and `drops` print: rows whose names begin with that word.
 */
import { REASONS } from "../../core/policy.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { Env, ReportRow } from "../../core/stack.ts";
import type { Driver } from "./driver.ts";
import type { P2pnicFirmware } from "./firmware.ts";
import type { Transfer } from "./transfer.ts";

/** The parts of a started stack. */
export interface Parts {
  readonly env: Env;
  readonly fib: Fib4;
  /** Bytes that the table may occupy. */
  readonly tableBytes: number;
  readonly driver: Driver;
  readonly firmware: P2pnicFirmware;
  readonly transfer: Transfer;
}

/** All tables. */
export function reportOf(parts: Parts): ReportRow[] {
  const rows: ReportRow[] = [];
  const add = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  rings(parts, add);
  peers(parts, add);
  credits(parts, add);
  lpm(parts, add);
  drops(parts, add);
  return rows;
}

type Add = (name: string, value: number, unit: string) => void;

function rings({ firmware, transfer }: Parts, add: Add): void {
  firmware.lanes.forEach((lanes, ingress) =>
    lanes.forEach((lane, k) => {
      const ring = transfer.ringName(ingress, k);
      if (ring === null) return;
      add(`rings ${ring} flush idle`, lane.flushedIdle, "flushes");
      add(`rings ${ring} flush full`, lane.flushedFull, "flushes");
      add(`rings ${ring} flush no slot`, lane.flushedNoSlot, "flushes");
      add(`rings ${ring} pending`, transfer.pending(ingress, k), "descriptors");
      transfer.batches(ingress, k).forEach((value, n) => {
        if (value > 0) add(`rings ${ring} batch ${n}`, value, "descriptor writes");
      });
    })
  );
}

function peers({ env, driver }: Parts, add: Add): void {
  const { nics, peerSlots } = env.hardware;
  add("peers nics", nics.length, "NICs");
  add("peers slots", peerSlots, "for each pair");
  add("peers memory", driver.bytes, "bytes of each NIC");
  for (const { name, address } of driver.map) add(`peers ${name}`, address, "bus address");
  for (const { port, threads, dma } of nics) {
    add(`peers nic${port} threads busy`, threads.busyPs / 1e6, "us");
    add(`peers nic${port} DMA writes busy`, dma.writeBusyPs / 1e6, "us");
  }
}

function credits({ env }: Parts, add: Add): void {
  const congestion = env.hardware.fabric.congestion?.();
  if (congestion === undefined) return;
  const { peakBytes, poolBytes, lostTlps, stalledPs } = congestion;
  add("credits switch pool peak", peakBytes, "bytes");
  add("credits switch pool", poolBytes, "bytes");
  add("credits switch lost", lostTlps, "TLPs");
  stalledPs.forEach((ps, node) => {
    add(`credits ${node === 0 ? "host" : `nic${node - 1}`} stalled`, ps / 1e6, "us");
  });
}

function lpm({ fib, tableBytes, firmware }: Parts, add: Add): void {
  add("lpm routes", fib.size, "routes");
  add("lpm occupied", fib.bytesOccupied, "bytes");
  add("lpm memory", tableBytes, "bytes");
  add("lpm look-ups", firmware.lookups, "look-ups");
  add("lpm reads", firmware.reads, "reads");
}

function drops({ env, firmware, transfer }: Parts, add: Add): void {
  const { nics } = env.hardware;
  for (const { port, counters } of nics) {
    add(`drops nic${port} rx-missed`, counters.rxMissed, "packets");
    firmware.drops[port]!.forEach((value, reason) => {
      if (value > 0) add(`drops nic${port} ${REASONS[reason]}`, value, "packets");
    });
  }
  if (transfer.failed === undefined) return;
  let missing = 0;
  for (const { port } of nics) {
    for (let k = 0; k < transfer.lanes; k++) {
      if (k !== port) missing += transfer.missing(port, k);
    }
  }
  add("drops DMA failed", transfer.failed, "frames");
  add("drops DMA missing", missing, "ring entries");
}
