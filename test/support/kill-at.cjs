/**
 * Loaded into a `wf` process with `--require`: it dies by SIGKILL right before its n-th call that changes the home
 * (`WF_KILL_AT`), so that a test can try every step of a command. Tells the number of calls where it lives on.
 */
const fs = require('node:fs');
const { DatabaseSync } = require('node:sqlite');

const at = Number(process.env.WF_KILL_AT ?? 0);
let calls = 0;
const step = () => {
  calls += 1;
  if (calls === at) process.kill(process.pid, 'SIGKILL');
};

for (const name of [
  'writeSync',
  'writeFileSync',
  'fdatasyncSync',
  'fsyncSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
  'ftruncateSync',
  'chmodSync',
  'copyFileSync',
  'utimesSync',
]) {
  const real = fs[name];
  fs[name] = (...args) => {
    // What goes to a screen changes no home.
    if (!(name === 'writeSync' && args[0] <= 2)) step();
    return real(...args);
  };
}

const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (sql) {
  if (/COMMIT|VACUUM|checkpoint/i.test(sql)) step();
  return exec.call(this, sql);
};

process.on('exit', () => {
  if (process.env.WF_KILL_COUNT !== undefined) fs.appendFileSync(process.env.WF_KILL_COUNT, `${calls}\n`);
});
