'use strict';
// The other side of compare.js: ONNX Runtime, with the lines that bench_forward.c understands.
// usage: node ort.js MODEL.onnx INPUT OUTPUT THREADS

const fs = require('fs');
const readline = require('readline');

const peak = () => process.resourceUsage().maxRSS / 1024; // KiB on every system
const seconds = () => Number(process.hrtime.bigint()) / 1e9;
const say = (answer) => console.log(JSON.stringify(answer));

const floats = (path) => {
    const bytes = fs.readFileSync(path);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

async function main() {
    const [model, input, output, threads] = process.argv.slice(2);
    const ort = require('onnxruntime-node');
    const base = peak(); // what Node and the runtime take before there is a network
    const begin = seconds();
    const session = await ort.InferenceSession.create(model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        executionMode: 'sequential',
        intraOpNumThreads: Number(threads),
        interOpNumThreads: 1,
    });
    const create = seconds() - begin;
    const { shape } = session.inputMetadata[0];
    say({ create, size: shape[2], classes: session.outputMetadata[0].shape[1], base,
        runtime: `ONNX Runtime ${ort.env.versions.node}` });
    let results, feeds; // the input is made when the size is known
    for await (const line of readline.createInterface({ input: process.stdin })) {
        if (line === 'run') {
            feeds = feeds || { input: new ort.Tensor('float32', floats(input), shape) };
            const start = seconds();
            results = await session.run(feeds);
            say({ seconds: seconds() - start, peak: peak() });
        } else if (line === 'save') {
            const parts = session.outputNames.map((name) => results[name].data);
            const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
            fs.writeFileSync(output, Buffer.concat(bytes));
            say({ saved: parts.reduce((sum, part) => sum + part.length, 0) });
        } else {
            throw new Error('run or save?');
        }
    }
}

main().catch((error) => {
    console.error(`ort.js: ${error.message}`);
    process.exitCode = 1;
});
