/**
 * The switch's end of a guest's NIC: packets that the guest sends are copied out of its memory, and packets for it are
 * copied in, once each. A guest that offers no buffer keeps packets waiting in the link before the app, and what that
 * does not hold is dropped there. Source: apps/vhost/vhost_user.lua, lib/virtio/net_device.lua.
 */
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";
import type { VirtioNet, Vring } from "./vring.ts";

/** `apps.vhost.vhost_user`. Its argument is the guest's NIC, where the original has the path of a socket. */
export class VhostUser extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { guest: { required: true } };
  readonly #process: SnabbProcess;
  readonly #guest: VirtioNet;
  /** Descriptors taken from each ring. */
  #rxTaken = 0;
  #txTaken = 0;

  /** Both rings as the guest set them up. */
  constructor({ guest }: { readonly guest: VirtioNet }, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#guest = guest;
  }

  /** From the guest. */
  override pull(): void {
    const output = this.output.tx;
    if (output === undefined) return;
    const { engine, link, packet, costs } = this.#process;
    const { tx } = this.#guest;
    let n = 0;
    for (; n < engine.pullNpackets && this.#txTaken !== tx.availIdx; n++) {
      const descriptor = tx.available(this.#txTaken++);
      link.transmit(output, packet.fromPointer(tx.bytes(descriptor)));
      tx.use(descriptor, 0);
    }
    this.#process.charge(n * costs.vhostPacket);
  }

  /** To the guest. */
  override push(): void {
    const input = this.input.rx;
    if (input === undefined) return;
    const { link, packet, costs } = this.#process;
    const { rx } = this.#guest;
    let n = 0;
    for (; !link.empty(input) && this.#rxTaken !== rx.availIdx; n++) {
      const p = link.receive(input);
      const descriptor = rx.available(this.#rxTaken++);
      this.#copyIn(rx, descriptor, p);
      rx.use(descriptor, packet.length(p));
      this.#process.discard(p, REASON.consumed);
    }
    this.#process.charge(n * costs.vhostPacket);
  }

  #copyIn(rx: Vring, descriptor: number, p: number): void {
    const { packet } = this.#process;
    const bytes = packet.data(p);
    if (bytes.length > rx.bufferBytes) {
      throw new RangeError(
        `Cannot give packet ${p} of ${bytes.length} bytes to the guest: its buffers have ${rx.bufferBytes}`,
      );
    }
    rx.memory.set(bytes, descriptor * rx.bufferBytes);
    this.#process.chargeCopy(bytes.length);
  }
}
