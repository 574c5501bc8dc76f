/** A process that takes the lock on the file it is given, says so, and holds it until it is ended. */
import { openLogLock } from '../../src/log/lock.ts';

const lock = openLogLock(process.argv[2] ?? '', 5000);
await lock.acquire();
process.stdout.write('held\n');
setInterval(() => {}, 1000);
