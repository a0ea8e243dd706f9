/** Waiting for any of several ports, and the clock that the kernel stamps frames with. */
import type { FramePort } from "./frame_port.ts";
import { closeLibc, type Libc, openLibc } from "./libc.ts";

const POLL_FD_BYTES = 8;
const POLLIN = 1;
const CLOCK_REALTIME = 0;

/** Waits for frames on ports. */
export class Waiter {
  readonly #libc: Libc;
  readonly #fds: Uint8Array<ArrayBuffer>;
  readonly #count: bigint;
  readonly #time: BigInt64Array<ArrayBuffer> = new BigInt64Array(2);
  readonly #timeAt: Deno.PointerValue;

  /** Waits for those of `ports` that have a descriptor. */
  constructor(ports: readonly FramePort[]) {
    this.#libc = openLibc();
    const fds = ports.map(({ fd }) => fd).filter((fd) => fd >= 0);
    this.#fds = new Uint8Array(fds.length * POLL_FD_BYTES);
    const view = new DataView(this.#fds.buffer);
    fds.forEach((fd, i) => {
      view.setInt32(i * POLL_FD_BYTES, fd, true);
      view.setUint16(i * POLL_FD_BYTES + 4, POLLIN, true);
    });
    this.#count = BigInt(fds.length);
    this.#timeAt = Deno.UnsafePointer.of(this.#time);
  }

  /** Blocks the thread until a frame is there, at most so long. */
  wait(ms: number): void {
    this.#libc.poll(this.#fds, this.#count, ms);
  }

  /** Nanoseconds since 1970, as frames are stamped; exact to a microsecond. */
  nowNs(): number {
    this.#libc.clock_gettime(CLOCK_REALTIME, this.#timeAt);
    return Number(this.#time[0]) * 1e9 + Number(this.#time[1]);
  }

  /** Lets go of libc. */
  close(): void {
    closeLibc();
  }
}
