/** Makes classes, their queues and pools, and the classifier of each interface from the options. */
import { Classifier, type Cos } from "./classification.ts";
import type { OdpClassifierOptions, OdpCosOptions } from "./classifier_options.ts";
import type { Odp } from "./odp.ts";
import type { OdpQueue, OdpSync } from "./queue.ts";

/** odp_cls_cos_create and odp_cls_pmr_create for all, then odp_pktio_default_cos_set for each interface. */
export function setUpClassifier(odp: Odp, options: OdpClassifierOptions): void {
  const names = options.cos.map(({ name }) => name);
  const all = options.cos.map((one, index) => createCos(odp, one, index));
  for (const { from, to, terms } of options.pmr ?? []) {
    all[names.indexOf(from)]!.rules.push({ to: names.indexOf(to), terms });
  }
  odp.cos.push(...all);
  const named = (name: string): Cos => all[names.indexOf(name)]!;
  const { defaultCos, errorCos, loopDefaultCos = defaultCos } = options;
  for (const pktio of odp.pktios) {
    const first = named(pktio.index === odp.loop ? loopDefaultCos : defaultCos);
    const error = errorCos === undefined ? null : named(errorCos);
    pktio.classifier = new Classifier(odp, all, first, error, odp.clsWitness);
  }
}

function createCos(odp: Odp, options: OdpCosOptions, index: number): Cos {
  const { name, drop = false, sync = odp.settings.mode as OdpSync, prio = odp.settings.prio } =
    options;
  const { queues: count = 1, action = "forward", size = odp.settings.queueSize } = options;
  const queues: OdpQueue[] = [];
  for (let i = 0; i < count && !drop; i++) {
    queues.push(odp.queueCreate({ name: `${name} ${i}`, sync, prio, size, action }));
  }
  const pool = options.pool === undefined ? null : odp.poolCreate(`pool ${name}`, options.pool);
  const poolPlace = pool === null ? -1 : odp.env.place(`pool ${name}`, pool.size);
  return {
    ...{ index, name, drop, queues, pool, poolPlace, rules: [] },
    ...{ packets: 0, octets: 0, discards: 0, poolDiscards: 0, dropped: 0 },
  };
}
