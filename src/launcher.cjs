#!/usr/bin/env node
// The `wf` command before the program itself: answers --version, and makes sure a new enough Node runs the rest.
// Invariant: any Node >= 12 parses this file, so no newer syntax and no `node:` prefixes; nothing is loaded early.
// scripts/build.mjs copies it to dist/wf.cjs and fills in the __WF_…__ words.
'use strict';

/** Set in the environment of a re-executed process, so that a wrong candidate can never start an endless chain. */
const GUARD = 'WF_REEXEC';
const NEEDED = '__WF_NODE_NEEDED__';

const isNewEnough = (version) => {
  const have = version.replace(/^v/, '').split('.').map(Number);
  const need = NEEDED.split('.').map(Number);
  for (let i = 0; i < need.length; i++) {
    if (have[i] !== need[i]) return have[i] > need[i];
  }
  return true;
};

/** The runtime that the npm package `node` put beside us or above us; null when there is none that will do. */
const findBundledNode = () => {
  const fs = require('fs');
  const path = require('path');
  for (let dir = path.dirname(__dirname), last = ''; dir !== last; last = dir, dir = path.dirname(dir)) {
    const home = path.join(dir, 'node_modules', 'node');
    const binary = path.join(home, 'bin', 'node');
    try {
      const version = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')).version;
      // The size is looked at because the package leaves an empty file when its own download failed.
      if (isNewEnough(version) && fs.statSync(binary).size > 0) return binary;
    } catch (_absent) {
      // Not here: the next folder up may have it.
    }
  }
  return null;
};

const refuse = (why) => {
  const line = `wf needs Node >= ${NEEDED}, found ${process.version}${why}: install a newer Node, or run \`npm install node@24\` where workflow-engine is installed.`;
  require('fs').writeSync(2, `${line}\n`);
  process.exitCode = 2;
};

const reexecute = (binary) => {
  const env = Object.assign({}, process.env);
  env[GUARD] = '1';
  const args = [__filename].concat(process.argv.slice(2));
  const child = require('child_process').spawn(binary, args, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the whole process group: the child has it already and decides; once is enough.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`, and could not start ${binary} (${error.code})`));
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // Whoever waits for us must see the same death as the child's.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

/** The user's own cache folder, never the shared temporary one that others can write to; empty when there is none. */
const cacheDir = () => {
  const base = process.env.XDG_CACHE_HOME || (process.env.HOME ? `${process.env.HOME}/.cache` : '');
  return base.charAt(0) === '/' ? `${base}/workflow-engine` : '';
};

/** What nearly every command runs. Node's compile cache keeps no function that was compiled when first called. */
const HOT = ['./cli.cjs', './work.cjs'];
const hot = new Map();

/** Loads a hot module with the functions that earlier processes had compiled: some 570 for a full run. */
const loadHot = (id) => {
  const known = hot.get(id);
  if (known !== undefined) return known.exports;
  const filename = __dirname + id.slice(1);
  const { cachedData, writes } = keptCode(id);
  // One function of `require`, which answers the exports, in ASCII: the build sees to that.
  const source = require('fs').readFileSync(filename, 'utf8');
  const script = new (require('vm').Script)(source, cachedData ? { filename, cachedData } : { filename });
  const exports = script.runInThisContext()(requireFrom);
  hot.set(id, { exports, script, writes: script.cachedDataRejected === true ? 0 : writes });
  return exports;
};

/** `require` as the hot modules know it. */
const requireFrom = (id) => {
  if (HOT.includes(id)) return loadHot(id);
  if (id.charAt(0) === '.') prepareForOthers();
  return require(id);
};

/** What is loaded by Node's own way may require the hot modules too, and has to get these very ones. */
const prepareForOthers = () => {
  if (cacheDir() !== '') require('module').enableCompileCache(cacheDir());
  for (const id of HOT) {
    const filename = __dirname + id.slice(1);
    if (require.cache[filename] !== undefined) continue;
    const known = new module.constructor(filename, module);
    Object.assign(known, { filename, loaded: true });
    // Only when it is asked for: most verbs need one of them.
    require.cache[filename] = Object.defineProperty(known, 'exports', { get: () => loadHot(id) });
  }
};

// V8 takes compiled code only for its own version, its own flags and this length of source. That it belongs to this
// very source, the build says in the file's name. Damage V8 does not notice: so the code is in the file twice.
const keptFile = (id) => `${cacheDir()}/hot/${process.version}-${process.arch}-__WF_BUILD__-${id.slice(2)}`;
const HEADER_BYTES = 8;

const keptCode = (id) => {
  const nothing = { cachedData: undefined, writes: 0 };
  if (cacheDir() === '') return nothing;
  try {
    const bytes = require('fs').readFileSync(keptFile(id));
    const middle = (bytes.length + HEADER_BYTES) / 2;
    const cachedData = bytes.subarray(HEADER_BYTES, middle);
    return cachedData.equals(bytes.subarray(middle)) ? { cachedData, writes: bytes[0] } : nothing;
  } catch (_absent) {
    return nothing;
  }
};

/** The first commands differ (a new home, an answer from the log), and each adds what the ones before had no use for. */
const ENOUGH_WRITES = 4;
/** A process that lived longer may have thrown compiled functions away, and would keep too few. */
const SHORT_S = 10;
const OLD_MS = 30 * 86400000;

const keepCode = () => {
  if (cacheDir() === '' || process.uptime() > SHORT_S) return;
  const work = hot.get('./work.cjs');
  const isFirstWork = work !== undefined && work.writes === 0;
  for (const [id, { script, writes }] of hot) {
    if (writes >= ENOUGH_WRITES && !isFirstWork) continue;
    try {
      replaceKept(id, isFirstWork ? 1 : writes + 1, script);
    } catch (_unwritable) {
      // It only makes the next command faster.
    }
  }
};

const replaceKept = (id, writes, script) => {
  const fs = require('fs');
  const dir = `${cacheDir()}/hot`;
  const temp = `${keptFile(id)}.${process.pid}`;
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Before the code is made: where nothing can be written, no command should pay for it.
  fs.closeSync(fs.openSync(temp, 'wx', 0o600));
  try {
    const code = script.createCachedData();
    fs.writeFileSync(temp, Buffer.concat([Buffer.alloc(HEADER_BYTES, writes), code, code]), { flush: true });
    fs.renameSync(temp, keptFile(id));
  } catch (error) {
    fs.unlinkSync(temp);
    throw error;
  }
  for (const name of fs.readdirSync(dir)) {
    if (name.includes('__WF_BUILD__')) continue;
    if (Date.now() - fs.statSync(`${dir}/${name}`).mtimeMs > OLD_MS) fs.unlinkSync(`${dir}/${name}`);
  }
};

const start = () => {
  if (!isNewEnough(process.version)) {
    const binary = process.env[GUARD] === '1' ? null : findBundledNode();
    if (binary === null) refuse('');
    else reexecute(binary);
    return;
  }
  delete process.env[GUARD];
  loadHot('./cli.cjs')
    .main(process.argv.slice(2), __dirname.slice(0, __dirname.lastIndexOf('/')) || '/')
    .then(
      (code) => {
        keepCode();
        // At once: all output was written synchronously, and a Node that winds down by itself first frees its heap and
        // closes index.db with all that belongs to it, which takes longer than answering from the log.
        process.exit(code);
      },
      (error) => {
        process.exitCode = 1;
        console.error(error);
      },
    );
};

const only = process.argv.length === 3 ? process.argv[2] : '';
if (only === '--version' || only === '-v') require('fs').writeSync(1, '__WF_VERSION__\n');
else start();
