import { ratioOf, rounded, type Figure } from './figure.js';
import { machineLine, type Machine } from './machine.js';

const WIDTH = 860;
const ROW = 44;
const TOP = 56;
const LEFT = 230;
const BAR = 360;

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

const number = (x: number): string => rounded(x).toLocaleString('en-US', { maximumSignificantDigits: 6 });

/**
 * Figures beside their baselines as an SVG that needs nothing else and follows the reader's colour scheme: a bar for
 * each, as many times its baseline as it is long, from a line at 1 and on a scale that doubles.
 */
export function plot(figures: readonly Figure[], machine: Machine): string {
  const rows = figures.flatMap((figure) => {
    const ratio = ratioOf(figure);
    return ratio === null || ratio <= 0 ? [] : [{ figure, log: Math.log2(ratio), ratio }];
  });
  const low = Math.floor(Math.min(-1, ...rows.map(({ log }) => log)));
  const high = Math.ceil(Math.max(1, ...rows.map(({ log }) => log)));
  const x = (log: number): number => Math.round(LEFT + ((log - low) / (high - low)) * BAR);
  const height = TOP + rows.length * ROW + 40;
  const bars = rows.map(({ figure, log, ratio }, i) => {
    const y = TOP + i * ROW;
    const good = figure.better === 'higher' ? ratio >= 1 : ratio <= 1;
    const [from, to] = [Math.min(x(0), x(log)), Math.max(x(0), x(log))];
    return (
      `<text class="name" x="${LEFT - 14}" y="${y + 18}" text-anchor="end">${escape(figure.name)}</text>` +
      `<text class="small" x="${LEFT - 14}" y="${y + 33}" text-anchor="end">${escape(`${number(figure.value)} ${figure.unit}`)}</text>` +
      `<rect class="${good ? 'good' : 'more'}" x="${from}" y="${y + 6}" width="${Math.max(2, to - from)}" height="16" rx="2"/>` +
      `<text class="ratio" x="${LEFT + BAR + 16}" y="${y + 18}">${ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2)} ×</text>` +
      `<text class="small" x="${LEFT}" y="${y + 35}">of ${escape(`${number(figure.baseline!)} (${figure.against})`)}</text>`
    );
  });
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i)
    .filter((log) => high - low <= 8 || log % 2 === 0)
    .map(
      (log) =>
        `<line class="${log === 0 ? 'one' : 'tick'}" x1="${x(log)}" x2="${x(log)}" y1="${TOP - 8}" y2="${height - 36}"/>` +
        `<text class="small" x="${x(log)}" y="${TOP - 14}" text-anchor="middle">${log < 0 ? `1/${2 ** -log}` : 2 ** log}</text>`,
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Measured figures beside their baselines">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #59636e } .ratio { font-weight: 600 }
.good { fill: #1a7f37 } .more { fill: #9a6700 } .tick { stroke: #d1d9e0 } .one { stroke: #59636e; stroke-width: 1.5 } .page { fill: #ffffff }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .small { fill: #9198a1 } .good { fill: #3fb950 } .more { fill: #d29922 } .tick { stroke: #3d444d } .one { stroke: #9198a1 } .page { fill: #0d1117 } }
</style>
<rect class="page" width="${WIDTH}" height="${height}"/>
<text x="14" y="22">times the baseline of the same run</text>
${[...ticks, ...bars].join('\n')}
<text class="small" x="14" y="${height - 12}">${escape(machineLine(machine))}, ${machine.time.slice(0, 10)}</text>
</svg>
`;
}
