/**
 * An application: what PacketShader calls pre-shader, shader and post-shader. A worker hands it each chunk twice; in
 * between the kernel has answered for every packet that the pre-shader asked about, on a core or on the GPU.
 */
import type { Env } from "../../core/stack.ts";
import type { PsChunk } from "./chunk.ts";
import type { DeviceTable, Kernel } from "./kernel.ts";

/** An application on one machine. */
export interface App {
  /** Its kernel and table; null where nothing is ever asked. */
  readonly kernel: Kernel | null;
  readonly table: DeviceTable | null;
  /** Part of a chunk's slots that packets are received into: less than 1 where they grow. */
  readonly share: number;
  /** Packet k of a chunk: gives it a verdict, or asks about it and writes its key. */
  preShade(chunk: PsChunk, k: number): void;
  /** The same packet, with the answer to question `i`: verdict, and what it looks like when it leaves. */
  postShade(chunk: PsChunk, k: number, i: number): void;
}

/** What makes applications of one kind: kept from one machine to the next, as tables are large. */
export interface AppFactory {
  /** For a machine as it boots. */
  boot(env: Env): App;
}
