'use strict';
// A process that is asked line by line and answers in JSON.

const { spawn } = require('child_process');
const readline = require('readline');

class Side {
    constructor(command, args) {
        this.name = command;
        this.process = spawn(command, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
        this.process.stdin.on('error', () => {}); // it has ended: the exit says so
        this.lines = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
        this.gone = new Promise((resolve, reject) => {
            this.process.on('error', reject);
            this.process.on('exit', (code, signal) => reject(new Error(`${command} ended with ${signal || code}`)));
        });
        this.gone.catch(() => {}); // whoever asks will hear it
    }

    // The line that it writes when it is ready.
    async begin() {
        const { value, done } = await Promise.race([this.lines.next(), this.gone]);
        if (done)
            throw new Error(`${this.name} ended early`);
        return JSON.parse(value);
    }

    async ask(word) {
        this.process.stdin.write(`${word}\n`);
        return this.begin();
    }

    end() {
        this.process.stdin.end();
        this.process.kill();
    }
}

module.exports = { Side };
