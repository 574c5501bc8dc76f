/** Whether there is a home of ours. Another program's, or what is no folder at all, is looked at no further. */
import { isMissing } from '../../home/file-errors.ts';
import { assertNotLegacy } from '../../home/legacy.ts';
import type { Exam } from './exam.ts';

const fs = process.getBuiltinModule('node:fs');

export async function checkHome({ findings, paths, facts }: Exam): Promise<void> {
  if (!fs.existsSync(paths.home)) {
    const message = 'there is no home yet; the first wf run makes it';
    await findings.add({ id: 'home', severity: 'ok', message, where: paths.home });
    return;
  }
  if (!isReadable(paths.home)) {
    await findings.add({
      id: 'home',
      severity: 'problem',
      message: `you may not look into ${paths.home}`,
      where: paths.home,
      fix: makeYours(paths.home),
    });
    return;
  }
  // What is no folder is said by the system itself.
  fs.readdirSync(paths.home);
  await assertNotLegacy(paths);
  facts.add('home');
  const closed = [paths.home, paths.logs, paths.log, paths.state].filter((path) => !isWritable(path));
  if (closed.length === 0) {
    facts.add('writable');
    return;
  }
  await findings.add({
    id: 'home-unwritable',
    severity: 'problem',
    message: `you may not write to ${closed.join(', ')}`,
    where: closed[0] ?? paths.home,
    fix: makeYours(paths.home),
  });
}

const makeYours = (home: string): string =>
  `Make it yours: chown -R "$(id -un)" ${home}   or, if it is yours: chmod u+rwX ${home}`;

function isReadable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.R_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `access` and not the mode bits: a read-only mount has fine bits. What is not there yet is made. */
function isWritable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return true;
  } catch (error) {
    return isMissing(error);
  }
}
