'use strict';
// Statistics of the runs, and the table.

const quantile = (sorted, q) => {
    const at = q * (sorted.length - 1), low = Math.floor(at), high = Math.ceil(at);
    return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
};

// spread: what lies between the quartiles, as a share of the median.
function summary(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const median = quantile(sorted, 0.5);
    return { min: sorted[0], median, spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median, values };
}

const ms = (seconds) => (1000 * seconds).toFixed(1);
const percent = (share) => `${(100 * share).toFixed(0)} %`;

function cells(row) {
    const sides = [row.libdmlcsr, row.onnxruntime];
    const worst = row.agreement.reduce((a, b) => (a.relative > b.relative ? a : b));
    return [
        row.model.length > 24 ? `...${row.model.slice(-21)}` : row.model, String(row.size), String(row.threads),
        ...sides.flatMap((s) => [ms(s.min), ms(s.median), percent(s.spread)]),
        (row.onnxruntime.min / row.libdmlcsr.min).toFixed(2), row.ratio.median.toFixed(2), percent(row.ratio.spread),
        ...sides.map((s) => s.peak.toFixed(0)), row.base.toFixed(0), worst.relative.toExponential(1),
        worst.rms.toExponential(1), `${worst.labels}/${worst.pixels}`,
    ];
}

function table(rows, machine) {
    const head = ['model', 'size', 'threads', 'ours min', 'median', 'spread', 'ort min', 'median', 'spread',
        'ort/ours min', 'median', 'spread', 'ours MiB', 'ort MiB', 'of it node', 'apart', 'rms', 'labels'];
    const all = [head, ...rows.map(cells)];
    const widths = head.map((_, i) => Math.max(...all.map((line) => line[i].length)));
    const pad = (cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
    const lines = all.map((line) => line.map(pad).join('  '));
    return [
        `${rows[0].libdmlcsr.runtime} and ${rows[0].onnxruntime.runtime}, times in ms`,
        `${machine.cpu}, ${machine.cores} cores, load ${machine.load[0].toFixed(1)} at the end`,
        '', ...lines, '',
        'ort/ours: above 1, libdmlcsr is faster; by round, but for the minima. spread: between the quartiles, of the median.',
        'apart: the largest difference, as a share of the largest logit; rms: of all, as a share of all logits.',
        'labels: pixels whose largest logit is another.',
        ...new Set(rows.flatMap((row) => row.agreement.map((a) => `required of ${row.model}: ${a.required}`))),
    ].join('\n');
}

module.exports = { summary, table };
