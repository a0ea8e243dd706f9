/**
 * What xdpdump of xdp-tools shows: each frame when a program is entered and when it is left, with its verdict, copied
 * to a ring of which the oldest give way. It hangs on the program (fentry, fexit), so that it sees what no packet socket
 * sees: what XDP drops, sends back or redirects.
 */
import type { Program } from "../../core/bpf/mod.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";

/** Frames that are kept. */
const KEPT = 4096;

/** One look at a frame. */
export interface XdpDumpFrame {
  /** The program's name. */
  readonly program: string;
  /** Before it ran, or after. */
  readonly at: "entry" | "exit";
  /** Its verdict; -1 at entry. */
  readonly verdict: number;
  /** The frame as it was then. */
  readonly bytes: Uint8Array;
}

/** The taps. */
export class XdpDump {
  readonly frames: XdpDumpFrame[] = [];
  readonly #memory: PacketMemory;

  constructor(memory: PacketMemory) {
    this.#memory = memory;
  }

  entry(program: Program, page: number): void {
    this.#keep(program, "entry", page, -1);
  }

  exit(program: Program, page: number, verdict: number): void {
    this.#keep(program, "exit", page, verdict);
  }

  #keep({ name }: Program, at: XdpDumpFrame["at"], page: number, verdict: number): void {
    const { bytes, offset, length } = this.#memory;
    const from = offset[page]!;
    if (this.frames.length === KEPT) this.frames.shift();
    this.frames.push({
      program: name,
      at,
      verdict,
      bytes: bytes.slice(from, from + length[page]!),
    });
  }
}
