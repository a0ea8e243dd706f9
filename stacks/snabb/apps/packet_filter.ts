/** Passes on what a filter expression matches and frees the rest. Source: apps/packet_filter/pcap_filter.lua. */
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";
import { type CompiledFilter, compileFilter } from "./pflang.ts";

/** `apps.packet_filter.pcap_filter`. */
export class PcapFilter extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { filter: { required: true } };
  /** Packets that did not match. */
  rxerrors = 0;
  readonly #process: SnabbProcess;
  #filter: CompiledFilter;

  /** @throws {SyntaxError} when the filter is not understood */
  constructor({ filter }: { readonly filter: string }, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#filter = compileFilter(filter);
  }

  /** Another filter, from the next packet on. */
  override reconfig({ filter }: { readonly filter: string }): void {
    this.#filter = compileFilter(filter);
  }

  override push(): void {
    const { link, costs, memory: { bytes, offset, length } } = this.#process;
    const { matches, instructions } = this.#filter;
    const input = this.input.input!;
    const output = this.output.output!;
    let n = 0;
    for (; !link.empty(input); n++) {
      const p = link.receive(input);
      if (matches(bytes, offset[p]!, length[p]!)) link.transmit(output, p);
      else {
        this.rxerrors++;
        this.#process.discard(p, REASON.other);
      }
    }
    this.#process.charge(n * (costs.linkPacket + instructions * costs.filterInstruction));
  }

  override report(): readonly string[] {
    return [`rxerrors ${this.rxerrors}`];
  }
}
