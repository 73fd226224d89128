// SPDX-License-Identifier: MIT
// Workers that wait for each other and compute, one that has to be ended, and
// files read by the threads of libuv.
'use strict';
const fs = require('fs').promises;
const { Worker, isMainThread, parentPort, workerData } =
	require('worker_threads');

const WORKERS = 4;
const shared = isMainThread ? new Int32Array(new SharedArrayBuffer(8)) :
	workerData;

function compute() {
	let sum = 0;

	Atomics.wait(shared, 0, 0);
	for (let i = 0; i < 1e6; i++)
		sum = (sum * 31 + i) % 1000003;
	Atomics.add(shared, 1, 1);
	parentPort.postMessage(sum);
}

function ended(worker) {
	return new Promise((done, fail) => {
		let said;

		worker.on('message', (message) => { said = message; });
		worker.on('error', fail);
		worker.on('exit', (status) => done([said, status]));
	});
}

async function main() {
	const workers = Array.from({ length: WORKERS },
		() => ended(new Worker(__filename, { workerData: shared })));
	const forever = new Worker('for (;;) ;', { eval: true });
	const files = await Promise.all(Array.from({ length: 50 },
		() => fs.readFile(__filename)));

	Atomics.store(shared, 0, 1);
	Atomics.notify(shared, 0);
	console.log(JSON.stringify(await Promise.all(workers)), shared[1]);
	await forever.terminate();
	console.log(files.length, 'all ended');
}

if (isMainThread)
	main();
else
	compute();
