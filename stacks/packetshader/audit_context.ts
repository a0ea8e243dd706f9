/** PSHADER-7 and 8: who has which queue, how often it interrupts, how often its context sleeps and wakes. */
import type { DescriptorRing } from "../../core/nic/rings.ts";
import type { Findings } from "./invariants.ts";
import type { PsContext } from "./ps_context.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";

/** What is remembered of one queue. */
interface QueueShadow {
  owner: PsContext | null;
  unmasked: number;
  interrupts: number;
}

/** The checks of open handles. */
export class ContextCheck {
  readonly #findings: Findings;
  readonly #queues = new Map<DescriptorRing, QueueShadow>();
  readonly #contexts = new Set<PsContext>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  attached(context: PsContext, { port, queue, ring }: PsRxRing): void {
    const shadow = this.#of(ring);
    this.#findings.expect(
      "PSHADER-8",
      shadow.owner === null,
      () => `queue ${queue} of nic${port} was attached though a context has it`,
    );
    shadow.owner = context;
    this.#contexts.add(context);
  }

  detached(context: PsContext, { port, queue, ring }: PsRxRing): void {
    const shadow = this.#of(ring);
    this.#findings.expect(
      "PSHADER-8",
      shadow.owner === context,
      () => `queue ${queue} of nic${port} was detached by a context that does not have it`,
    );
    shadow.owner = null;
  }

  unmasked({ ring }: PsRxRing): void {
    this.#of(ring).unmasked++;
  }

  interrupted({ port, queue, ring }: PsRxRing): void {
    const shadow = this.#of(ring);
    shadow.interrupts++;
    // each masks itself, so there is one at most for each time that somebody went to sleep
    this.#findings.expect(
      "PSHADER-7",
      shadow.interrupts <= shadow.unmasked,
      () =>
        `queue ${queue} of nic${port} interrupted ${shadow.interrupts} times, expected ${shadow.unmasked} at ` +
        "most: as often it was unmasked",
    );
  }

  close(): void {
    for (const { sleeps, wakes } of this.#contexts) {
      this.#findings.expect(
        "PSHADER-7",
        wakes <= sleeps && sleeps <= wakes + 1,
        () =>
          `a context slept ${sleeps} times and was woken ${wakes} times, expected as often or once less`,
      );
    }
  }

  #of(ring: DescriptorRing): QueueShadow {
    let shadow = this.#queues.get(ring);
    if (shadow === undefined) {
      this.#queues.set(ring, shadow = { owner: null, unmasked: 0, interrupts: 0 });
    }
    return shadow;
  }
}
