import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { coldSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { collect, commitId, note, openTestStore, tempDir, textOf } from '../support/log-helpers.ts';

const child = join(import.meta.dirname, '../support/log-writer-child.ts');
const RUN_MS = 3000;
const WRITERS = 4;

describe('writers that are killed', { timeout: 60_000 }, () => {
  const temp = tempDir();
  const logs = join(temp.dir, 'logs');
  afterAll(() => temp.remove());

  it('lose no acknowledged event, leave a whole chain and no lock', async () => {
    const acknowledged: string[] = [];
    const problems: string[] = [];
    let kills = 0;
    const endAt = Date.now() + RUN_MS;
    const writeAndDie = async (writer: number): Promise<void> => {
      // Two lives at least, however busy the machine is.
      for (let life = 0; life < 2 || Date.now() < endAt; life++) {
        const name = `${writer}-${life}`;
        const process_: ChildProcess = spawn(process.execPath, [child, logs, name]);
        let out = '';
        process_.stdout?.on('data', (chunk: Buffer) => {
          out += chunk.toString();
        });
        process_.stderr?.on('data', (chunk: Buffer) => problems.push(chunk.toString()));
        const closed = once(process_, 'close');
        await once(process_.stdout as NodeJS.ReadableStream, 'data');
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
        process_.kill('SIGKILL');
        const [, signal] = (await closed) as [number | null, string | null];
        expect(signal, problems.join('')).toBe('SIGKILL');
        kills++;
        acknowledged.push(...out.slice(0, out.lastIndexOf('\n')).split('\n'));
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeAndDie(writer)));

    const store = openTestStore(logs, { lockTimeoutMs: 1000 });
    await store.append('run/survivor', 0, [note('after them all')], { durable: true, commitId: commitId() });
    const verified = await verifyLog(logs, coldSha256);
    expect(verified).not.toHaveProperty('damage');
    expect(verified).not.toHaveProperty('torn');
    const events = await collect(store.readAll(null));
    const bySeq = new Map(events.map((e) => [e.seq as number, e]));
    expect(kills).toBeGreaterThan(WRITERS);
    expect(acknowledged.length).toBeGreaterThan(kills);
    for (const line of acknowledged) {
      const [stream, version, seq] = line.split(' ');
      expect(bySeq.get(Number(seq))).toMatchObject({ stream, streamVersion: Number(version) });
    }
    const shared = events.filter((e) => e.stream === 'run/shared');
    expect(shared.map((e) => e.streamVersion)).toEqual(shared.map((_, i) => i + 1));
    expect(shared.every((e) => String(textOf(e)).includes(` ${e.streamVersion}.`))).toBe(true);
    expect(problems.filter((text) => !text.startsWith('set aside'))).toEqual([]);
    await store.close();
  });
});
