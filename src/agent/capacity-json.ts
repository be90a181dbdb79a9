import { formatSlotValue } from '../documents/index.js';
import type { CapacityReport, DrawableEntry } from './capacity.js';
import type { DrawResult } from './draw.js';

/** Values as people read them, and in the smallest unit as programs do: the same of the command line and the gateway. */
const both = ({ document, slot }: Pick<DrawableEntry, 'document' | 'slot'>) => ({
  shown: (value: bigint) => formatSlotValue(document, slot, value),
  shownOrNull: (value: bigint | undefined) =>
    value === undefined ? null : formatSlotValue(document, slot, value),
  unitsOrNull: (value: bigint | undefined) => value?.toString() ?? null,
});

/** What is left of an entry's document, and what was drawn, as JSON. */
export function capacityJson(report: CapacityReport) {
  const { entry, slot, stated, status, left, draws } = report;
  const { shown, shownOrNull, unitsOrNull } = both(report);
  return {
    ...{ entry, status, slot, stated: shown(stated), left: shownOrNull(left) },
    units: { stated: stated.toString(), left: unitsOrNull(left) },
    draws: draws.map(({ entry: by, own, value, time }) => ({
      ...{ entry: by, own, drawn: shown(value), units: value.toString(), time },
    })),
  };
}

/** What came of a draw, as JSON. */
export function drawJson(of: Pick<DrawableEntry, 'document' | 'slot'>, drawn: DrawResult) {
  const { entry, outcome, value, left, opened, retries } = drawn;
  const { shown, shownOrNull, unitsOrNull } = both(of);
  return {
    ...{ entry, outcome, slot: of.slot, asked: shown(value), left: shownOrNull(left) },
    units: { asked: value.toString(), left: unitsOrNull(left) },
    ...{ opened, retries },
  };
}
