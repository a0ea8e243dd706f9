// Aim: each frame of a devmap runs the egress program of its own entry and leaves by its own device, in order, at the end
// of the poll at the latest. Method: drawn frames for two devices with three programs, over rings that take all.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Program } from "../../core/bpf/mod.ts";
import type { FrameOwner } from "../../core/linux/ixgbe_tx.ts";
import type { Cpu } from "../../core/stack.ts";
import { Devmap } from "./devmap.ts";
import type { XdpDevices } from "./devices.ts";
import { XDP } from "./helpers.ts";
import type { ProgramRunner } from "./run.ts";
import type { Tracepoints } from "./tracepoints.ts";

/** What an egress program says of a frame. */
function verdictOf(page: number): number {
  return page % 5 === 3 ? XDP.DROP : page % 5 === 4 ? XDP.ABORTED : XDP.PASS;
}

Deno.test("Devmap runs the program of each frame's own entry on it, and sends by its own device in order", () => {
  const frame = fc.record({ port: fc.nat(1), program: fc.nat(2), isFlush: fc.nat(9) });
  fc.assert(fc.property(fc.array(frame, { maxLength: 60, size: "max" }), (frames) => {
    const sent: number[][] = [[], []];
    const dropped: number[] = [];
    const ran: string[] = [];
    const vectors = [0, 1].map((port) => ({
      tx: { xmitFrame: (_: Cpu, page: number) => sent[port]!.push(page) > 0, flush: () => {} },
    }));
    const devices = {
      list: [{ port: 0 }, { port: 1 }],
      ...{ kernel: { vectors }, costs: { devmap_xmit: 1, tx: 1 } },
      env: { drop: (_: Cpu, page: number) => dropped.push(page) },
    } as unknown as XdpDevices;
    const programs = [null, { name: "one" }, { name: "two" }] as unknown as (Program | null)[];
    const runner = {
      run: (_: Cpu, program: Program, page: number) => {
        ran.push(`${page} ${(program as unknown as { name: string }).name}`);
        return verdictOf(page);
      },
    } as unknown as ProgramRunner;
    const zero = { devmapEnqueued: 0, devmapProgDrops: 0, exception: 0, egressRuns: 0 };
    const points = zero as unknown as Tracepoints;
    const cpu = { lcore: 0, charge: () => {} } as unknown as Cpu;
    const devmap = new Devmap(devices, points, runner, {} as FrameOwner);
    frames.forEach(({ port, program, isFlush }, page) => {
      devmap.enqueue(cpu, page, 0, port, programs[program]!);
      if (isFlush > 0) return;
      devmap.flush(cpu);
      assertEquals(devmap.waiting, 0);
    });
    devmap.flush(cpu);
    const all = frames.map(({ port, program }, page) => ({ port, program, page }));
    const ends = all.filter(({ program, page }) => program > 0 && verdictOf(page) !== XDP.PASS);
    const aborted = ends.filter(({ page }) => verdictOf(page) === XDP.ABORTED);
    assertEquals(dropped.sort(), ends.map(({ page }) => page).sort());
    assertEquals([points.devmapProgDrops, points.exception], [ends.length, aborted.length]);
    assertEquals(
      sent,
      [0, 1].map((port) =>
        all.filter((one) => one.port === port && !ends.includes(one)).map(({ page }) => page)
      ),
    );
    const due = all.filter(({ program }) => program > 0).map(({ page, program }) =>
      `${page} ${program === 1 ? "one" : "two"}`
    );
    assertEquals(ran.sort(), due.sort());
  }));
});
