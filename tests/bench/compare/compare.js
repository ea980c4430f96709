#!/usr/bin/env node
'use strict';
// libdmlcsr and ONNX Runtime on the same network, input and threads, in turn; each in a process of its own, so that
// neither's memory and threads are the other's.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFileSync } = require('child_process');
const { parseArgs } = require('util');
const { Side } = require('./side.js');
const { summary, table } = require('./report.js');

const ROOT = path.resolve(__dirname, '../../..');
const SMALL = path.join(ROOT, 'weights/dmlcsr-small.safetensors');
const BOUND = 1e-4; // of the largest logit
// What a layer errs by, as a share of its output: sqrt 2 times the rounding of a factor, which is 2^-9 / sqrt 3 of it
// with bfloat16, and with bytes 1 / (255 sqrt 12) of a range of some 10 deviations, as in tests/unit/test_precision.c.
const LAYER = { bf16: Math.SQRT2 * 2 ** -9 / Math.sqrt(3), int8: Math.SQRT2 * 10 / (255 * Math.sqrt(12)) };

const help = `usage: node compare.js [options]
      --model FILE     a model file, "default" (the default model) or "full" (the published network with made-up
                       weights); may be given several times (default: default and full)
      --size N,N       sides of the input (default: the model's own, 240 for the default model, 473 for full)
      --threads N,N    (default 1,2)
      --rounds N       runs of each side that count (default 10)
      --pause MS       rest before each run, in which the other side's threads go to sleep (default 200)
      --isa NAME       instruction set of libdmlcsr
      --pack           options.pack of libdmlcsr: weights transformed once
      --precision NAME fp32 (default), bf16 or int8 of libdmlcsr; ONNX Runtime has single precision
      --edges          the edge heads, too
      --build FOLDER   what make has built (default build)
      --json FILE      all times, too
  -h, --help
Outputs must agree; else the exit code is 1:
  fp32         the largest difference is at most ${BOUND} of the largest logit
  bf16, int8   the root mean square of the differences is at most 3 e sqrt(n) of that of the logits: a layer errs by e
               of its output (bf16 ${LAYER.bf16.toFixed(4)}, int8 ${LAYER.int8.toFixed(3)}), and n are all convolutions, more than follow each other.
               The input is noise, whose labels mean nothing: how many change is shown, and may be any number.
               Of "full", whose weights are made up, it is only asked that all numbers are finite`;

class Wrong extends Error {}

function numbers(option, text, low, high) {
    const list = text.split(',').map(Number);
    if (list.some((n) => !Number.isInteger(n) || n < low || n > high))
        throw new Wrong(`--${option} ${text}: expected numbers from ${low} to ${high}`);
    return list;
}

function settings() {
    let values;
    try {
        ({ values } = parseArgs({
            options: {
                model: { type: 'string', multiple: true, default: ['default', 'full'] },
                size: { type: 'string' },
                threads: { type: 'string', default: '1,2' },
                rounds: { type: 'string', default: '10' },
                pause: { type: 'string', default: '200' },
                isa: { type: 'string', default: 'auto' },
                precision: { type: 'string', default: 'fp32' },
                pack: { type: 'boolean', default: false },
                edges: { type: 'boolean', default: false },
                build: { type: 'string', default: path.join(ROOT, 'build') },
                json: { type: 'string' },
                help: { type: 'boolean', short: 'h', default: false },
            },
        }));
    } catch (error) {
        throw new Wrong(error.message);
    }
    if (!['fp32', ...Object.keys(LAYER)].includes(values.precision))
        throw new Wrong(`--precision ${values.precision}: expected fp32, bf16 or int8`);
    return {
        ...values,
        sizes: values.size === undefined ? [0] : numbers('size', values.size, 17, 4097),
        threads: numbers('threads', values.threads, 1, 256),
        rounds: numbers('rounds', values.rounds, 1, 10000)[0],
        pause: numbers('pause', values.pause, 0, 60000)[0],
    };
}

// ---- what is compared ----

function program(s, name) {
    const file = path.resolve(s.build, name);
    if (!fs.existsSync(file))
        throw new Wrong(`${file} is not there: make all ${path.relative(ROOT, file)}`);
    return file;
}

function modelFile(s, folder, name) {
    if (name === 'default')
        return SMALL;
    if (name !== 'full')
        return path.resolve(name);
    const file = path.join(folder, 'full.safetensors');
    if (!fs.existsSync(file))
        execFileSync(program(s, 'tests/bench/bench_net'), ['--write', file], { stdio: 'inherit' });
    return file;
}

function exportModel(s, model, size, folder) {
    const file = path.join(folder, 'model.onnx');
    const options = ['--onnx', ...(s.edges ? ['--edges'] : []), ...(size ? ['--size', String(size)] : [])];
    execFileSync(program(s, 'bin/dmlcsr-convert'), [...options, model, file],
        { stdio: ['ignore', 'ignore', 'inherit'] });
    return file;
}

// All convolutions of an ONNX file, of which no path has more: nodes whose op_type (field 4, of 4 bytes) is Conv.
function convolutions(file) {
    const bytes = fs.readFileSync(file), node = '"\x04Conv';
    let count = 0;
    for (let at = bytes.indexOf(node); at >= 0; at = bytes.indexOf(node, at + 1))
        count++;
    return count;
}

// About what a normalised photograph has: from -2 to 2.6, the same each time.
function makeInput(size) {
    const values = new Float32Array(3 * size * size);
    let state = 20240229;
    for (let i = 0; i < values.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        values[i] = -2 + 4.6 * (state / 2 ** 32);
    }
    return Buffer.from(values.buffer);
}

function apart(a, b, classes) {
    const pixels = a.length / classes;
    let largest = 0, difference = 0, other = 0, error = 0, size = 0, finite = true;
    for (let i = 0; i < a.length; i++) {
        largest = Math.max(largest, Math.abs(b[i]));
        difference = Math.max(difference, Math.abs(a[i] - b[i]));
        error += (a[i] - b[i]) ** 2;
        size += b[i] ** 2;
        finite = finite && Number.isFinite(a[i]) && Number.isFinite(b[i]);
    }
    const label = (v, p) => {
        let best = 0;
        for (let k = 1; k < classes; k++)
            if (v[k * pixels + p] > v[best * pixels + p])
                best = k;
        return best;
    };
    for (let p = 0; p < pixels; p++)
        other += label(a, p) !== label(b, p);
    return { relative: finite ? difference / largest : Infinity, rms: Math.sqrt(error / size), finite, largest,
        labels: other, pixels };
}

// What is asked of an output, and whether it is so.
function judge(s, name, layers, { relative, rms, finite }) {
    if (s.precision === 'fp32')
        return { required: `the largest difference is at most ${BOUND} of the largest logit`, good: relative <= BOUND };
    if (name === 'full')
        return { required: 'all numbers are finite, no more: its weights are made up', good: finite };
    const bound = 3 * LAYER[s.precision] * Math.sqrt(layers);
    return {
        required: `rms is at most ${bound.toFixed(3)} (${layers} convolutions), labels are free: the input is noise`,
        good: finite && rms <= bound,
    };
}

// ---- one row of the table: a model, a size, a number of threads ----

const outputsOf = (path, count) => {
    const bytes = fs.readFileSync(path);
    if (bytes.length !== 4 * count)
        throw new Error(`${path} has ${bytes.length} bytes, not ${4 * count}`);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

async function agreement(sides, outputs, shapes, judged) {
    const saved = [];
    for (const side of sides)
        saved.push((await side.ask('save')).saved);
    if (saved[0] !== saved[1])
        throw new Error(`libdmlcsr gives ${saved[0]} values, ONNX Runtime ${saved[1]}`);
    const [ours, theirs] = outputs.map((file) => outputsOf(file, saved[0]));
    let at = 0;
    return shapes.map(([name, planes, side]) => {
        const end = at + planes * side * side;
        const found = apart(ours.subarray(at, end), theirs.subarray(at, end), planes);
        at = end;
        return { output: name, ...found, ...judged(found) };
    });
}

async function rounds(s, sides) {
    const times = [[], []];
    const peaks = [0, 0];
    for (let round = 0; round <= s.rounds; round++) { // the first one touches the memory and does not count
        for (const k of round % 2 ? [0, 1] : [1, 0]) {
            await new Promise((resolve) => setTimeout(resolve, s.pause));
            const answer = await sides[k].ask('run');
            peaks[k] = answer.peak;
            if (round)
                times[k].push(answer.seconds);
        }
    }
    return { times, peaks };
}

const outSide = (size) => ((size - 1 >> 1) >> 1) + 1;

async function compare(s, name, size, threads, folder) {
    const model = modelFile(s, folder, name);
    const onnx = exportModel(s, model, size, folder);
    const input = path.join(folder, 'input');
    const outputs = ['ours', 'theirs'].map((file) => path.join(folder, file));
    const theirs = new Side(process.execPath, [path.join(__dirname, 'ort.js'), onnx, input, outputs[1], threads]);
    let ours;
    try {
        const begun = await theirs.begin();
        fs.writeFileSync(input, makeInput(begun.size));
        ours = new Side(program(s, 'tests/bench/bench_forward'), ['--model', model, '--size', begun.size, '--threads',
            threads, '--isa', s.isa, '--precision', s.precision, '--pack', Number(s.pack), '--edges', Number(s.edges),
            '--input', input, '--output', outputs[0]]);
        const first = await ours.begin();
        const result = await rounds(s, [ours, theirs]);
        const side = outSide(begun.size), { classes } = begun;
        const shapes = [['parsing', classes, side]];
        if (s.edges)
            shapes.push(['binary_edge', 2, side], ['category_edge', classes, side]);
        const [libdmlcsr, onnxruntime] = [first, begun].map(({ runtime, create }, k) =>
            ({ runtime, create, peak: result.peaks[k], ...summary(result.times[k]) }));
        return {
            model: name, size: begun.size, threads, base: begun.base, libdmlcsr, onnxruntime,
            agreement: await agreement([ours, theirs], outputs, shapes,
                (found) => judge(s, name, convolutions(onnx), found)),
            ratio: summary(result.times[1].map((time, i) => time / result.times[0][i])),
        };
    } finally {
        theirs.end();
        if (ours)
            ours.end();
    }
}

// ---- all of them ----

async function main() {
    const s = settings();
    if (s.help) {
        console.log(help);
        return;
    }
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dmlcsr-compare-'));
    const rows = [];
    for (const signal of ['SIGINT', 'SIGTERM'])
        process.once(signal, () => {
            fs.rmSync(folder, { recursive: true, force: true });
            process.exit(1); // the sides end when nobody asks them any more
        });
    try {
        for (const name of s.model)
            for (const size of s.sizes)
                for (const threads of s.threads)
                    rows.push(await compare(s, name, size || (name === 'full' ? 473 : 0), threads, folder));
    } finally {
        fs.rmSync(folder, { recursive: true, force: true });
    }
    const [cpu] = os.cpus(), machine = { cpu: cpu ? cpu.model : '', cores: os.cpus().length, load: os.loadavg() };
    console.log(table(rows, machine));
    if (s.json)
        fs.writeFileSync(s.json,
            JSON.stringify({ machine, precision: s.precision, pack: s.pack, rounds: s.rounds, rows }, null, 1) + '\n');
    const wrong = rows.flatMap((row) => row.agreement.filter((a) => !a.good).map((a) => `${row.model}, ${a.output}`));
    if (wrong.length)
        throw new Error(`outputs are further apart than required: ${wrong.join('; ')}`);
}

main().catch((error) => {
    console.error(`compare.js: ${error.message}`);
    if (error instanceof Wrong)
        console.error(help);
    process.exitCode = error instanceof Wrong ? 2 : 1;
});
