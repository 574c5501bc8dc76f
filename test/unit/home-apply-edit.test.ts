/** Changing a definition file: nothing of the user's is lost, whatever happens between the steps. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRefusal } from '../../src/errors.ts';
import type { ImprovementChange } from '../../src/events/workflow-events.ts';
import {
  commitEdit,
  editTarget,
  type PreparedEdit,
  prepareEdit,
  prepareRevert,
  recoverIntent,
} from '../../src/home/apply-edit.ts';
import { checkDefinitionText } from '../../src/home/definitions.ts';
import { backupEdit } from '../../src/home/edit-backup.ts';
import { CITE_SOURCES } from '../../src/workflow/improve/catalogue.ts';

const sha256 = (input: string | Uint8Array): string => createHash('sha256').update(input).digest('hex');

const TEXT = `{
  "id": "a", // mine
  "defaults": { "assumptions": ["One."] },
  "execute": { "command": "/bin/true" }
}
`;
const AFTER = TEXT.replace('["One."]', `["One.", ${JSON.stringify(CITE_SOURCES.sentence)}]`);
const changes: readonly ImprovementChange[] = [
  { kind: 'add-assumption', catalogueId: CITE_SOURCES.catalogueId, sentence: CITE_SOURCES.sentence },
];

type Given = {
  readonly root: string;
  readonly home: string;
  readonly bundledDir: string;
  readonly file: string;
};

function given(where: 'home' | 'bundled' = 'home', text = TEXT): Given {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'wf-apply-')));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const home = path.join(root, 'home');
  const bundledDir = path.join(root, 'bundled');
  fs.mkdirSync(path.join(home, 'definitions'), { recursive: true });
  fs.mkdirSync(bundledDir);
  fs.writeFileSync(path.join(where === 'home' ? path.join(home, 'definitions') : bundledDir, 'a.json'), text);
  return { root, home, bundledDir, file: path.join(home, 'definitions', 'a.json') };
}

const common = (at: Given) => ({
  home: at.home,
  bundledDir: at.bundledDir,
  workflowId: 'a',
  changes,
  sha256,
  validate: async (text: string, file: string) => {
    await checkDefinitionText(text, file, 'a');
  },
});

async function prepare(at: Given, more: object = {}): Promise<PreparedEdit> {
  const prepared = await prepareEdit({ ...common(at), expectedHash: sha256(TEXT), ...more });
  if (isRefusal(prepared)) throw new Error(prepared.message);
  return prepared;
}

const read = (file: string): string => fs.readFileSync(file, 'utf8');
const names = (at: Given): string[] => fs.readdirSync(path.join(at.home, 'definitions')).sort();

describe('prepare', () => {
  it('gives the new text and both hashes, and writes nothing', async () => {
    const at = given();
    expect(await prepare(at)).toEqual({
      workflowId: 'a',
      file: at.file,
      beforeHash: sha256(TEXT),
      afterHash: sha256(AFTER),
      beforeText: TEXT,
      newText: AFTER,
      copiedFromBundled: false,
    });
    expect(names(at)).toEqual(['a.json']);
    expect(read(at.file)).toBe(TEXT);
  });

  it('a file that changed since the analysis is refused', async () => {
    const at = given();
    fs.appendFileSync(at.file, '\n');
    const refused = await prepareEdit({ ...common(at), expectedHash: sha256(TEXT) });
    expect(refused).toMatchObject({ refused: true, code: 'definition-changed', exitCode: 4 });
  });

  it('changes that are there already are nothing to apply', async () => {
    const at = given('home', AFTER);
    const refused = await prepareEdit({ ...common(at), expectedHash: sha256(AFTER) });
    expect(refused).toMatchObject({ code: 'improvement-empty' });
  });

  it('a change that is not low risk never gets as far as the file', async () => {
    const command: ImprovementChange = {
      kind: 'set-value',
      catalogueId: 'raise-timeout',
      path: ['execute', 'command'],
      value: '/bin/sh',
    };
    await expect(prepare(given(), { changes: [...changes, command] })).rejects.toMatchObject({
      code: 'improvement-not-low-risk',
    });
  });

  it('a text that would not run any more is refused', async () => {
    const at = given('home', TEXT.replace('"execute"', '"exec"').replace('"id"', '"$schema": "x", "id"'));
    const hash = sha256(read(at.file));
    await expect(prepare(at, { expectedHash: hash })).rejects.toMatchObject({ code: 'definition-invalid' });
  });

  it('a link that leads out of the home is not followed, one inside it is replaced where it leads', async () => {
    const at = given();
    fs.renameSync(at.file, path.join(at.root, 'outside.json'));
    fs.symlinkSync(path.join(at.root, 'outside.json'), at.file);
    await expect(prepare(at)).rejects.toMatchObject({ code: 'definition-outside-home' });
    fs.rmSync(at.file);
    fs.renameSync(path.join(at.root, 'outside.json'), path.join(at.home, 'definitions', 'real.txt'));
    fs.symlinkSync('real.txt', at.file);
    await commitEdit(await prepare(at), sha256);
    expect(fs.lstatSync(at.file).isSymbolicLink()).toBe(true);
    expect(read(path.join(at.home, 'definitions', 'real.txt'))).toBe(AFTER);
  });

  it('a link that leads nowhere is an error with the file’s name', async () => {
    const at = given();
    fs.rmSync(at.file);
    fs.symlinkSync('gone.json', at.file);
    await expect(prepare(at)).rejects.toMatchObject({ code: 'definition-unreadable', where: at.file });
  });
});

describe('backup', () => {
  it('keeps the file as it was, for its owner’s eyes, under a name the log can hold', async () => {
    const at = given();
    const prepared = await prepare(at);
    const backup = backupEdit({ home: at.home, improvementId: 'I1', prepared });
    expect(backup).toBe('definitions/.backups/a-I1.json');
    expect(read(path.join(at.home, backup))).toBe(TEXT);
    expect(fs.statSync(path.join(at.home, backup)).mode & 0o777).toBe(0o600);
    expect(backupEdit({ home: at.home, improvementId: 'I1', prepared })).toBe(backup);
    expect(fs.readdirSync(path.join(at.home, 'definitions/.backups'))).toEqual(['a-I1.json']);
  });

  it('another backup is never written over', async () => {
    const at = given();
    const prepared = await prepare(at);
    const backup = path.join(at.home, backupEdit({ home: at.home, improvementId: 'I1', prepared }));
    fs.writeFileSync(backup, 'older');
    expect(() => backupEdit({ home: at.home, improvementId: 'I1', prepared })).toThrow(/another file/);
    expect(read(backup)).toBe('older');
  });

  it('a folder of backups that is a link is not written to', async () => {
    const at = given();
    fs.mkdirSync(path.join(at.root, 'elsewhere'));
    fs.symlinkSync(path.join(at.root, 'elsewhere'), path.join(at.home, 'definitions/.backups'));
    const prepared = await prepare(at);
    expect(() => backupEdit({ home: at.home, improvementId: 'I1', prepared })).toThrow(/link/);
    expect(fs.readdirSync(path.join(at.root, 'elsewhere'))).toEqual([]);
  });
});

describe('commit', () => {
  it('puts the new text in place, leaves nothing behind', async () => {
    const at = given();
    expect(await commitEdit(await prepare(at), sha256)).toEqual({ file: at.file, afterHash: sha256(AFTER) });
    expect(read(at.file)).toBe(AFTER);
    expect(names(at)).toEqual(['a.json']);
    expect(fs.statSync(at.file).mode & 0o777).toBe(0o600);
  });

  it('a file that a person saved after the intent stays theirs', async () => {
    const at = given();
    const prepared = await prepare(at);
    fs.writeFileSync(at.file, 'mine');
    expect(await commitEdit(prepared, sha256)).toMatchObject({ refused: true, code: 'definition-changed' });
    fs.rmSync(at.file);
    expect(await commitEdit(prepared, sha256)).toMatchObject({ code: 'definition-changed' });
    expect(names(at)).toEqual([]);
  });

  it('the package’s definition is copied into the home, and itself never touched', async () => {
    const at = given('bundled');
    const prepared = await prepare(at);
    expect(prepared).toMatchObject({ file: at.file, copiedFromBundled: true });
    await commitEdit(prepared, sha256);
    expect(read(at.file)).toBe(AFTER);
    expect(read(path.join(at.bundledDir, 'a.json'))).toBe(TEXT);
    expect(names(at)).toEqual(['a.json']);
  });

  it('a definition that the user put there meanwhile is not replaced by the copy', async () => {
    const at = given('bundled');
    const prepared = await prepare(at);
    fs.writeFileSync(at.file, 'mine');
    expect(await commitEdit(prepared, sha256)).toMatchObject({ code: 'definition-changed' });
    expect(read(at.file)).toBe('mine');
  });

  it('a fresh home without a folder for definitions gets one', async () => {
    const at = given('bundled');
    fs.rmSync(path.join(at.home, 'definitions'), { recursive: true });
    const prepared = await prepare(at);
    backupEdit({ home: at.home, improvementId: 'I1', prepared });
    await commitEdit(prepared, sha256);
    expect(names(at)).toEqual(['.backups', 'a.json']);
  });
});

describe('after a crash between intent and confirmation', () => {
  const recovered = (at: Given) =>
    recoverIntent({ file: at.file, beforeHash: sha256(TEXT), afterHash: sha256(AFTER), sha256 });

  it('tells by the file what became of it, and clears what was begun', async () => {
    const at = given();
    await prepare(at);
    fs.writeFileSync(path.join(at.home, 'definitions', `.a.json.${sha256(AFTER).slice(0, 12)}.tmp`), 'half');
    expect(recovered(at)).toBe('not-applied');
    expect(names(at)).toEqual(['a.json']);
    fs.writeFileSync(at.file, AFTER);
    expect(recovered(at)).toBe('applied');
    fs.writeFileSync(at.file, 'mine');
    expect(recovered(at)).toBe('changed');
    fs.rmSync(at.file);
    expect(recovered(at)).toBe('not-applied');
  });

  it('an edit that was begun can be done again over its remains', async () => {
    const at = given();
    const prepared = await prepare(at);
    fs.writeFileSync(
      path.join(at.home, 'definitions', `.a.json.${prepared.afterHash.slice(0, 12)}.tmp`),
      'half',
    );
    await commitEdit(prepared, sha256);
    expect(read(at.file)).toBe(AFTER);
  });

  it('the file an intent is about is found again, also for the package’s definition', async () => {
    const at = given('bundled');
    expect((await editTarget({ ...at, workflowId: 'a' })).target).toBe(at.file);
  });
});

describe('revert', () => {
  async function applied(at: Given): Promise<string> {
    const prepared = await prepare(at);
    const backup = backupEdit({ home: at.home, improvementId: 'I1', prepared });
    await commitEdit(prepared, sha256);
    return backup;
  }

  it('gives the bytes from before back, and keeps what a person did since', async () => {
    const at = given();
    const backup = await applied(at);
    fs.writeFileSync(at.file, read(at.file).replace('// mine', '// still mine'));
    const reverted = await prepareRevert({ ...common(at), backup });
    if (isRefusal(reverted)) throw new Error(reverted.message);
    await commitEdit(reverted, sha256);
    expect(read(at.file)).toBe(TEXT.replace('// mine', '// still mine'));
  });

  it('what is gone already cannot be taken back twice', async () => {
    const at = given();
    const backup = await applied(at);
    fs.writeFileSync(at.file, TEXT);
    expect(await prepareRevert({ ...common(at), backup })).toMatchObject({ code: 'improvement-gone' });
  });

  it('only a real backup is read as one', async () => {
    const at = given();
    const backup = await applied(at);
    fs.writeFileSync(path.join(at.home, 'secret.json'), TEXT);
    for (const wrong of ['secret.json', 'definitions/.backups/../../secret.json', `${backup}x`]) {
      await expect(prepareRevert({ ...common(at), backup: wrong })).rejects.toMatchObject({
        code: 'backup-missing',
      });
    }
  });
});
