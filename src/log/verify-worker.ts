/** A thread of `wf log verify`: proves one range of the log after the other, as it is told to. */
import { nodeFs } from './file-system.ts';
import { bulkSha256 } from './hash.ts';
import { type LogRange, RangeProver } from './range-proof.ts';

const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');

/** Open files belong to the process: it is the very file that the main thread looks at. */
const { fd } = workerData as { readonly fd: number };
const prover = new RangeProver(bulkSha256());
parentPort?.on('message', (range: LogRange) => parentPort.postMessage(prover.prove(nodeFs, fd, range)));
