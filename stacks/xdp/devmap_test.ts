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

Deno.test("Devmap runs the program of each frame's own entry on it, and sends by its own device in order", () => {
  const frame = fc.record({ port: fc.nat(1), program: fc.nat(2), isFlush: fc.nat(9) });
  fc.assert(fc.property(fc.array(frame, { maxLength: 60, size: "max" }), (frames) => {
    const sent: number[][] = [[], []];
    const ran: string[] = [];
    const vectors = [0, 1].map((port) => ({
      tx: { xmitFrame: (_: Cpu, page: number) => sent[port]!.push(page) > 0, flush: () => {} },
    }));
    const devices = {
      list: [{ port: 0 }, { port: 1 }],
      ...{ kernel: { vectors }, costs: { devmap_xmit: 1, tx: 1 } },
    } as unknown as XdpDevices;
    const programs = [null, { name: "one" }, { name: "two" }] as unknown as (Program | null)[];
    const runner = {
      run: (_: Cpu, program: Program, page: number) => {
        ran.push(`${page} ${(program as unknown as { name: string }).name}`);
        return XDP.PASS;
      },
    } as unknown as ProgramRunner;
    const points = { devmapEnqueued: 0, egressRuns: 0 } as unknown as Tracepoints;
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
    assertEquals(
      sent,
      [0, 1].map((port) => all.filter((one) => one.port === port).map(({ page }) => page)),
    );
    const due = all.filter(({ program }) => program > 0).map(({ page, program }) =>
      `${page} ${program === 1 ? "one" : "two"}`
    );
    assertEquals(ran.sort(), due.sort());
  }));
});
