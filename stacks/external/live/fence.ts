/**
 * Fences: good frames sent after others, one for each ingress and egress. What enters a port is handled in
 * order, so when the fence from an ingress to an egress has come out, all that came in before it and was to
 * leave there has left, or never will. A fence that does not come back is an error of its own and says nothing
 * of packets: nothing is ever called dropped because time ran out.
 *
 * A fence is known by its last bytes, whatever the device made of its head: a nonce of the process, a number
 * that grows, ingress and egress.
 */
const TAG = 16;
const NONCE = 8;

/**
 * What a device forwards from `ingress` to `egress`: a frame whose last 16 bytes are free; null where it forwards
 * nothing.
 */
export type FenceFrame = (ingress: number, egress: number) => Uint8Array | null;

/** A fence did not come back, or not where it should. */
export class FenceLost extends Error {
  /** Always `"FenceLost"`. */
  override readonly name: string = "FenceLost";
}

/** The fences between the ports of a device. */
export class Fences {
  readonly #ports: number;
  readonly #nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  readonly #frames: (Uint8Array | undefined)[] = [];
  /** Number of the fence that is awaited for each pair; 0 when none is. */
  readonly #awaited: Uint32Array;
  #number = 0;
  /** Fences that are still to come back. */
  outstanding = 0;

  /** Prepares fences for `ports` ports. */
  constructor(ports: number) {
    this.#ports = ports;
    this.#awaited = new Uint32Array(ports * ports);
  }

  /** The next fence of a pair, ready to be sent, or null; `make` is asked for its frame once, until `forget`. */
  next(ingress: number, egress: number, make: FenceFrame): Uint8Array | null {
    const pair = ingress * this.#ports + egress;
    const frame = this.#frames[pair] ?? make(ingress, egress);
    if (frame === null) return null;
    this.#frames[pair] = frame;
    const at = frame.length - TAG;
    this.#number = this.#number + 1 >>> 0 || 1;
    frame.set(this.#nonce, at);
    new DataView(frame.buffer, frame.byteOffset + at + NONCE).setUint32(0, this.#number);
    frame[at + NONCE + 4] = ingress;
    frame[at + NONCE + 5] = egress;
    if (this.#awaited[pair] === 0) this.outstanding++;
    this.#awaited[pair] = this.#number;
    return frame;
  }

  /** Forgets the frames: the device forwards by other ones now. */
  forget(): void {
    this.#frames.length = 0;
  }

  /**
   * Whether a frame that came out of `port` is a fence; takes note of it.
   * @throws {FenceLost} when it was to come out of another port
   */
  isFence(port: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const at = offset + length - TAG;
    if (length < TAG) return false;
    for (let i = 0; i < NONCE; i++) if (bytes[at + i] !== this.#nonce[i]) return false;
    const number = new DataView(bytes.buffer, bytes.byteOffset + at + NONCE).getUint32(0);
    const [ingress, egress] = [bytes[at + NONCE + 4]!, bytes[at + NONCE + 5]!];
    const pair = ingress * this.#ports + egress;
    // an older one, after an exchange that failed
    if (this.#awaited[pair] !== number) return true;
    if (egress !== port) {
      throw new FenceLost(
        `the fence from port ${ingress} to port ${egress} came out of port ${port}`,
      );
    }
    this.#awaited[pair] = 0;
    this.outstanding--;
    return true;
  }

  /** The error that says which fences are missing; none is awaited any more. */
  lost(waitedMs: number): FenceLost {
    const missing: string[] = [];
    this.#awaited.forEach((number, pair) => {
      if (number === 0) return;
      missing.push(`from port ${Math.floor(pair / this.#ports)} to port ${pair % this.#ports}`);
    });
    this.#awaited.fill(0);
    this.outstanding = 0;
    return new FenceLost(`the fence ${missing.join(", ")} did not come back within ${waitedMs} ms`);
  }
}
