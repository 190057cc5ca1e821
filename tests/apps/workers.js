// SPDX-License-Identifier: Apache-2.0
// Worker threads that share memory, and child processes, as Node makes them.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { execFile, spawn, spawnSync, fork } = require('child_process');

if (process.argv[2] === 'child') {
  process.on('message', (m) => { process.send({ twice: m.n * 2 }); process.disconnect(); });
} else if (!isMainThread) {
  const cells = new Int32Array(workerData.shared);
  for (let i = 0; i < 1000; i++) Atomics.add(cells, 0, workerData.n);
  Atomics.notify(cells, 0);
  parentPort.postMessage(workerData.n * workerData.n);
} else {
  main();
}

function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

async function main() {
  const shared = new SharedArrayBuffer(8);
  const all = [];
  for (let n = 1; n <= 4; n++) {
    const w = new Worker(__filename, { workerData: { n, shared } });
    all.push(Promise.all([once(w, 'message'), once(w, 'exit')]));
  }
  console.log(JSON.stringify(await Promise.all(all)), new Int32Array(shared)[0]);
  const r = spawnSync('sort', ['-n'], { input: '3\n1\n2\n' });
  console.log(r.status, JSON.stringify(r.stdout.toString()));
  const c = spawn('cat');
  c.stdin.end('to a cat\n');
  c.stdout.pipe(process.stdout);
  console.log('cat', await once(c, 'close'));
  const s = spawn('sleep', ['10']);
  s.kill();
  console.log('sleep', await once(s, 'exit'));
  execFile('/nowhere/program', (e) => console.log(e.code));
  const f = fork(__filename, ['child']);
  f.send({ n: 21 });
  console.log(JSON.stringify(await once(f, 'message')), await once(f, 'exit'));
}
