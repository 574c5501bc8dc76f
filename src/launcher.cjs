#!/usr/bin/env node
// The `wf` command before the program itself: answers --version, and makes sure a new enough Node runs the rest.
// Invariant: any Node >= 12 parses this file, so no newer syntax and no `node:` prefixes; nothing is loaded early.
// scripts/build.mjs copies it to dist/wf.cjs and fills in the two __WF_…__ words from package.json.
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

/** Compiled code is kept in the user's own cache folder, never in the shared temporary one others can write to. */
const enableCompileCache = () => {
  const base = process.env.XDG_CACHE_HOME || (process.env.HOME ? `${process.env.HOME}/.cache` : '');
  if (base.charAt(0) === '/') require('module').enableCompileCache(`${base}/workflow-engine`);
};

const start = () => {
  if (!isNewEnough(process.version)) {
    const binary = process.env[GUARD] === '1' ? null : findBundledNode();
    if (binary === null) refuse('');
    else reexecute(binary);
    return;
  }
  delete process.env[GUARD];
  enableCompileCache();
  require('./cli.cjs')
    .main(process.argv.slice(2), require('path').dirname(__dirname))
    .then(
      (code) => {
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
