/** Applying and taking back: no edit of the user's is lost, and no crash leaves anybody guessing. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { revertImprovement } from '../../src/engine/apply-improvement.ts';
import { improve } from '../../src/engine/improve.ts';
import { submitFeedback } from '../../src/engine/submit-feedback.ts';
import { CITE_SOURCES } from '../../src/workflow/improve/catalogue.ts';
import { DEFINITION, type ImproveHome, improveHome } from '../support/improve-home.ts';
import { type Opened, WORKFLOW } from '../support/open-improve-home.ts';

const request = { workflowId: WORKFLOW, autoApply: true };
const IMPROVED = DEFINITION.replace(
  '"Ask nobody."',
  `"Ask nobody.", ${JSON.stringify(CITE_SOURCES.sentence)}`,
);

async function given(where: 'home' | 'bundled' = 'home'): Promise<{ home: ImproveHome; at: Opened }> {
  const home = improveHome(where);
  const at = await home.open();
  await submitFeedback(at.improver, { workflowId: WORKFLOW, score: '4', text: 'needs sources', by: 'me' });
  return { home, at };
}

async function applied(where: 'home' | 'bundled' = 'home') {
  const { home, at } = await given(where);
  const { autoApplied } = await improve(at.improver, request);
  return { home, at, id: autoApplied?.improvementId ?? '' };
}

const files = (home: ImproveHome): string[] => fs.readdirSync(path.dirname(home.file)).sort();
const statuses = async (at: Opened): Promise<string[]> =>
  (await at.facts()).improvements.map((one) => one.status);

describe('a file that the user saves between the intent and the change', () => {
  const mine = DEFINITION.replace('// mine', '// mine, and newer');

  it('stays the user’s: the change is refused and said, and works the next time', async () => {
    const { home, at } = await given();
    const racing = at.interrupted('after', 'ImprovementIntended', () => fs.writeFileSync(home.file, mine));
    await expect(improve(racing, request)).rejects.toMatchObject({ code: 'definition-changed', exitCode: 4 });
    expect(home.read()).toBe(mine);
    expect(await statuses(at)).toEqual(['abandoned']);
    await improve(at.improver, request);
    expect(home.read()).toBe(IMPROVED.replace('// mine', '// mine, and newer'));
  });

  it('is not replaced by the copy of the package’s definition either', async () => {
    const { home, at } = await given('bundled');
    const racing = at.interrupted('after', 'ImprovementIntended', () => fs.writeFileSync(home.file, mine));
    await expect(improve(racing, request)).rejects.toMatchObject({ code: 'definition-changed' });
    expect(home.read()).toBe(mine);
  });

  it('stays the user’s when an improvement is taken back, too', async () => {
    const { home, at, id } = await applied();
    const racing = at.interrupted('after', 'ImprovementIntended', () => fs.writeFileSync(home.file, mine));
    await expect(revertImprovement(racing, WORKFLOW, id)).rejects.toMatchObject({
      code: 'definition-changed',
    });
    expect(home.read()).toBe(mine);
    expect(await statuses(at)).toEqual(['abandoned', 'applied']);
  });
});

describe('a second process', () => {
  it('waits for one that is between its intent and the change, and does not take it for dead', async () => {
    const { home, at } = await given();
    const second = await home.open();
    let other: ReturnType<typeof improve> | undefined;
    const slow = at.interrupted('after', 'ImprovementIntended', async () => {
      other = improve(second.improver, request);
      // Long enough for the other one to do harm, if nothing kept it from it.
      await Promise.race([other, new Promise((resolve) => setTimeout(resolve, 300))]);
    });
    const first = await improve(slow, request);
    expect(first.autoApplied).not.toBeNull();
    expect((await other)?.autoApplied).toBeNull();
    expect(home.read()).toBe(IMPROVED);
    expect(await statuses(at)).toEqual(['applied']);
  });
});

describe('a process that is killed', () => {
  const child = path.join(import.meta.dirname, '../support/improve-child.ts');
  const die = (home: ImproveHome, ...args: readonly string[]): void => {
    const { signal, stderr } = spawnSync(
      process.execPath,
      [child, home.home, path.join(home.root, 'package'), ...args],
      {
        encoding: 'utf8',
      },
    );
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
  };

  it('before the file was changed has left it whole; the next one says so in the log and applies it', async () => {
    const { home, at } = await given();
    die(home, 'after', 'ImprovementIntended');
    expect(home.read()).toBe(DEFINITION);
    expect(await statuses(at)).toEqual(['intended']);
    const { autoApplied } = await improve(at.improver, request);
    expect(autoApplied).not.toBeNull();
    expect(home.read()).toBe(IMPROVED);
    expect(await statuses(at)).toEqual(['applied', 'abandoned']);
  });

  it('after the file was changed has done it; the next one finds that out and does nothing twice', async () => {
    const { home, at } = await given();
    die(home, 'before', 'ImprovementApplied');
    expect(home.read()).toBe(IMPROVED);
    expect(await statuses(at)).toEqual(['intended']);
    // Looking is enough to bring it to its end.
    const { autoApplied, analysis } = await improve(at.improver, { ...request, autoApply: false });
    expect({ autoApplied, suggestions: analysis.suggestions }).toEqual({
      autoApplied: null,
      suggestions: [],
    });
    expect(await statuses(at)).toEqual(['applied']);
    expect(home.read()).toBe(IMPROVED);
  });

  it('and whose file the user has changed since leaves that file to the user', async () => {
    const { home, at } = await given();
    die(home, 'after', 'ImprovementIntended');
    const mine = DEFINITION.replace('Ask nobody.', 'Ask me.');
    fs.writeFileSync(home.file, mine);
    await improve(at.improver, { ...request, autoApply: false });
    expect(home.read()).toBe(mine);
    expect((await at.facts()).improvements).toMatchObject([
      { status: 'abandoned', reason: expect.stringContaining('neither') },
    ]);
  });

  it('and whose workflow is gone since does not keep the others from working', async () => {
    const { home, at } = await given();
    die(home, 'after', 'ImprovementIntended');
    fs.renameSync(home.file, `${home.file}.away`);
    await expect(improve(at.improver, request)).rejects.toMatchObject({ code: 'workflow-unknown' });
    fs.renameSync(`${home.file}.away`, home.file);
    await improve(at.improver, request);
    expect(await statuses(at)).toEqual(['applied', 'abandoned']);
  });

  it('while it took an improvement back has taken it back or not, and both end well', async () => {
    for (const [when, type, text] of [
      ['before', 'ImprovementReverted', DEFINITION],
      ['after', 'ImprovementIntended', IMPROVED],
    ] as const) {
      const { home, at, id } = await applied();
      die(home, when, type, id);
      expect(home.read()).toBe(text);
      const again = revertImprovement(at.improver, WORKFLOW, id);
      if (text === DEFINITION) await expect(again).rejects.toMatchObject({ code: 'improvement-reverted' });
      else await again;
      expect(home.read()).toBe(DEFINITION);
      expect((await statuses(at)).at(-1)).toBe('reverted');
    }
  });
});

describe('taking back', () => {
  it('gives the bytes from before back, and the same change is never made by itself again', async () => {
    const { home, at, id } = await applied();
    const reverted = await revertImprovement(at.improver, WORKFLOW, id);
    expect(home.read()).toBe(DEFINITION);
    expect(fs.readFileSync(path.join(home.home, reverted.backup), 'utf8')).toBe(IMPROVED);
    const { autoApplied, analysis } = await improve(at.improver, request);
    expect(autoApplied).toBeNull();
    expect(analysis.suggestions).toMatchObject([{ catalogueId: 'cite-sources', risk: 'high' }]);
    expect(home.read()).toBe(DEFINITION);
    // What was taken back is not put before the user for a decision again either.
    expect((await at.facts()).proposal?.open).toEqual([]);
  });

  it('keeps what the user changed since', async () => {
    const { home, at, id } = await applied();
    fs.writeFileSync(home.file, IMPROVED.replace('Ask nobody.', 'Ask me.'));
    await revertImprovement(at.improver, WORKFLOW, id);
    expect(home.read()).toBe(DEFINITION.replace('Ask nobody.', 'Ask me.'));
  });

  it('is refused, each time with the reason, where there is nothing of it to take back', async () => {
    const { home, at, id } = await applied();
    const revert = (which: string) => revertImprovement(at.improver, WORKFLOW, which);
    await expect(revert('01ARZ3NDEKTSV4RRFFQ69G5FAV')).rejects.toMatchObject({
      code: 'improvement-unknown',
      exitCode: 3,
    });
    fs.writeFileSync(home.file, DEFINITION);
    await expect(revert(id)).rejects.toMatchObject({ code: 'improvement-gone', exitCode: 4 });
    fs.writeFileSync(home.file, IMPROVED);
    const { improvementId } = await revert(id);
    await expect(revert(id)).rejects.toMatchObject({ code: 'improvement-reverted', exitCode: 4 });
    await expect(revert(improvementId)).rejects.toMatchObject({ code: 'improvement-is-revert', exitCode: 4 });
  });

  it('leaves nothing behind but the backups', async () => {
    const { home, at, id } = await applied();
    await revertImprovement(at.improver, WORKFLOW, id);
    expect(files(home)).toEqual(['.backups', '.lock', 'demo.json']);
  });
});
