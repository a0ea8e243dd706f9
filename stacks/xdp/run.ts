/** Runs programs on the frames of one CPU (bpf_prog_run_xdp). */
import type { Program, Vm } from "../../core/bpf/mod.ts";
import type { Cpu } from "../../core/stack.ts";
import type { XdpDevices } from "./devices.ts";
import { newRedirectInfo, type RedirectInfo } from "./redirect_info.ts";
import type { XdpDump } from "./xdpdump.ts";
import { XdpBuff } from "./xdp_buff.ts";

/** Interpreter, xdp_buff and redirect target of a CPU. */
export class ProgramRunner {
  readonly redirect: RedirectInfo = newRedirectInfo();
  /** Nanoseconds in programs, and runs, as bpf_stats has them: instructions at what the profile says they cost. */
  cycles = 0;
  readonly #buff: XdpBuff;
  readonly #vm: Vm;
  readonly #devices: XdpDevices;
  readonly #dump: XdpDump | null;
  /** Bytes of metadata in front of each page that has some. */
  readonly #meta: Map<number, number>;

  constructor(
    devices: XdpDevices,
    lcore: number,
    mhz: number,
    meta: Map<number, number>,
    dump: XdpDump | null,
  ) {
    this.#devices = devices;
    this.#meta = meta;
    this.#dump = dump;
    this.#buff = new XdpBuff(devices.env.memory, lcore, devices, this.redirect, mhz);
    this.#vm = devices.bpf.vm(this.#buff);
  }

  /** Runs a program on a page; `egress` is the port that it leaves by, or -1. Answers register 0. */
  run(
    cpu: Cpu,
    program: Program,
    page: number,
    port: number,
    queue: number,
    egress: number,
  ): number {
    const buff = this.#buff;
    const vm = this.#vm;
    const { insn, helper, run } = this.#devices.costs;
    buff.runner = cpu;
    buff.port = port;
    buff.queue = queue;
    buff.egress = egress;
    this.redirect.map = null;
    this.redirect.index = -1;
    buff.load(page, this.#meta.get(page) ?? 0);
    if (this.#dump !== null) this.#dump.entry(program, page);
    const [insns, calls] = [vm.executed, vm.helperCalls];
    const verdict = vm.run(program);
    program.runs++;
    const cycles = run + (vm.executed - insns) * insn + (vm.helperCalls - calls) * helper;
    this.cycles += cycles;
    cpu.charge(cycles);
    const meta = buff.store(page);
    if (meta > 0) this.#meta.set(page, meta);
    else if (this.#meta.size > 0) this.#meta.delete(page);
    if (this.#dump !== null) this.#dump.exit(program, page, verdict);
    return verdict;
  }
}
