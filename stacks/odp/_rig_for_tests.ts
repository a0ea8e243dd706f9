/** A machine, programs of a test's own, and looks at reports for the tests of this folder. */
import { Testbed } from "../../core/machine/testbed.ts";
import type { Context } from "../../core/host/context.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { Cpu, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import { odpAudit } from "./audit.ts";
import { ODP_INVARIANTS } from "./invariants.ts";
import { Odp, type OdpThread } from "./odp.ts";
import { type OdpOptions, settingsOf } from "./options.ts";
import { odpPolicy } from "./policy.ts";

/** The machine. */
export const HOST = machineProfile(paperHost);

/** A program of a test's own over an ODP instance. */
export function program(options: OdpOptions, build: (odp: Odp) => void): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env) => {
    const odp = new Odp(env, settings);
    build(odp);
    return { name: "test program", audit: (): Finding[] => odpAudit(odp, []) };
  };
  return Object.assign(stack, { policy: odpPolicy(settings), invariants: ODP_INVARIANTS });
}

/** A testbed on the machine. A slow shaper may have a second's worth of packets when the last one has come. */
export function bed(stack: Stack, skipIdlePolls = true, patiencePs = 1e12): Testbed {
  return new Testbed(stack, HOST, { skipIdlePolls, patiencePs });
}

/** Own time of a body. */
export const ps = (cpu: Cpu): number => (cpu as Context).nowPs;

/**
 * A worker that takes events of any queue, spends what `cycles` says of each, and then calls `done` with it, in its
 * turn where the queue is ordered; the event is freed after that.
 */
export function eater(
  odp: Odp,
  burst: number,
  cycles: (event: number) => number,
  done: (event: number, thread: OdpThread, cpu: Cpu) => void,
): (cpu: Cpu, thread: OdpThread) => number {
  const out = new Int32Array(burst);
  const held = new Map<OdpThread, number[]>();
  return (cpu, thread) => {
    const events = held.get(thread) ?? [];
    if (events.length > 0) {
      if (!odp.scheduler.contexts.inTurn(cpu, thread.local)) return 0;
      odp.witness.out(thread.local, ps(cpu));
      for (const event of events) {
        done(event, thread, cpu);
        odp.free(cpu, event);
      }
      held.set(thread, []);
      cpu.charge(1);
      return events.length;
    }
    const n = odp.scheduler.schedule(cpu, thread.local, out, burst);
    if (n === 0) return odp.scheduler.moved;
    held.set(thread, [...out.subarray(0, n)]);
    for (let i = 0; i < n; i++) cpu.charge(cycles(out[i]!));
    return n;
  };
}

/** A counter of a report. */
export function counter(report: readonly ReportRow[], name: string): number {
  const row = report.find((one) => one.name === name);
  if (row === undefined) throw new RangeError(`Cannot read counter ${name}: there is none`);
  return row.value;
}

/** What the audit of a run says is wrong, by invariant. */
export function wrong(o: Observation): string[] {
  return o.findings.flatMap(({ id, broken }) => broken === null ? [] : [`${id}: ${broken}`]);
}

/** Invariants that were judged in a run. */
export function judged(o: Observation): string[] {
  return o.findings.map(({ id }) => id);
}
