/** A port on two captures: the frames of one are received, one after the other; what is sent is written to another. */
import { type EthernetFrames, type PcapPacket, writePcap } from "../../fixtures/mod.ts";
import type { FramePort } from "../../stacks/external/live/frame_port.ts";

const ETHERNET = 1;
/** Frames that are sent with a microsecond between them, since no time passes. */
const SPACING_NS = 1000;
/** Bytes that sent frames may take in memory: beyond them the port takes no more, and its ring fills. */
const SENT_MAX = 2 ** 30;

/** A port on captures. What is sent is written by `save`, all or nothing. */
export class CapturePort implements FramePort {
  readonly name: string;
  readonly fd = -1;
  readonly bytes: Uint8Array;
  readonly words: Int32Array = new Int32Array(0);
  length = 0;
  readonly #frames: EthernetFrames;
  readonly #write: (capture: Uint8Array) => void;
  readonly #sent: PcapPacket[] = [];
  #sentBytes = 0;
  #next = 0;

  /** Receives `frames`; hands the capture of what was sent to `write`. */
  constructor(name: string, frames: EthernetFrames, write: (capture: Uint8Array) => void) {
    this.name = name;
    this.bytes = frames.bytes;
    this.#frames = frames;
    this.#write = write;
  }

  get isOver(): boolean {
    return this.#next === this.#frames.count;
  }

  receive(): number {
    if (this.isOver) return -1;
    this.length = this.#frames.length[this.#next]!;
    return this.#frames.offset[this.#next]!;
  }

  stampNs(): number {
    return 0;
  }

  release(): void {
    this.#next++;
  }

  send(bytes: Uint8Array, _words: Int32Array, at: number, length: number): boolean {
    if (this.#sentBytes + length > SENT_MAX) return false;
    this.#sentBytes += length;
    const timeNs = this.#sent.length * SPACING_NS;
    this.#sent.push({ timeNs, bytes: bytes.slice(at, at + length) });
    return true;
  }

  flush(): void {}

  missed(): number {
    return 0;
  }

  close(): void {}

  /** Writes the capture of what was sent. */
  save(): void {
    this.#write(writePcap({ linkType: ETHERNET, packets: this.#sent }));
  }
}
