/**
 * The samples of the I/O engine: `echo` sends each packet back out of the interface that it came from, with its
 * addresses swapped or (`-a`) as it is; `echo -s` and `rxdump` take them and send none. No look-up, no GPU.
 */
import { copyMac } from "../../core/packet/ethernet.ts";
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import type { App, AppFactory } from "./app.ts";
import type { PsChunk } from "./chunk.ts";

/** What echo does with a packet. */
export type EchoMode = "swap" | "as-is" | "sink";

/** Makes echoes. */
export class EchoFactory implements AppFactory {
  constructor(readonly mode: EchoMode) {}

  boot(env: Env): Echo {
    return new Echo(env, this.mode);
  }
}

/** The sample on one machine. */
export class Echo implements App {
  readonly kernel = null;
  readonly table = null;
  readonly share: number = 1;
  readonly #env: Env;
  readonly #mode: EchoMode;
  readonly #mac = new Uint8Array(6);

  constructor(env: Env, mode: EchoMode) {
    this.#env = env;
    this.#mode = mode;
  }

  preShade(chunk: PsChunk, k: number): void {
    if (this.#mode === "sink") {
      chunk.drop(k, REASON.consumed);
      return;
    }
    if (this.#mode === "swap") {
      const { bytes } = this.#env.memory;
      const at = chunk.at(k);
      copyMac(bytes, at, this.#mac, 0);
      copyMac(bytes, at + 6, bytes, at);
      copyMac(this.#mac, 0, bytes, at + 6);
    }
    chunk.forward(k, chunk.ifindex);
  }

  postShade(): void {}
}
