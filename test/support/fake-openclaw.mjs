#!/usr/bin/env node
/**
 * A stand-in for the `openclaw` command, NOT OpenClaw: keeps cron jobs in a file and answers as
 * OpenClaw 2026.9.6 was seen to. OPENCLAW_FAKE_DIR holds calls.jsonl (argv of each call) and jobs.json;
 * OPENCLAW_FAKE_MODE is ok | gateway-down | unknown-agent | add-lost | add-and-list-lost | garbage | slow.
 */
import fs from 'node:fs';
import path from 'node:path';

const dir = process.env.OPENCLAW_FAKE_DIR;
const mode = process.env.OPENCLAW_FAKE_MODE ?? 'ok';
if (dir === undefined) throw new Error('fake openclaw: OPENCLAW_FAKE_DIR is not set');

const argv = process.argv.slice(2);
fs.appendFileSync(path.join(dir, 'calls.jsonl'), `${JSON.stringify(argv)}\n`);

const jobsFile = path.join(dir, 'jobs.json');
const readJobs = () => (fs.existsSync(jobsFile) ? JSON.parse(fs.readFileSync(jobsFile, 'utf8')) : []);

/** Value of `--name=value` or `--name value`. */
function option(name) {
  const at = argv.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (at === -1) return undefined;
  return argv[at].includes('=') ? argv[at].slice(argv[at].indexOf('=') + 1) : argv[at + 1];
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function add() {
  const jobs = readJobs();
  const declarationKey = option('declaration-key');
  const known = jobs.find((job) => declarationKey !== undefined && job.declarationKey === declarationKey);
  const job = known ?? {
    id: `job-${jobs.length + 1}`,
    agentId: option('agent'),
    message: option('message'),
    ...(declarationKey === undefined ? {} : { declarationKey }),
  };
  if (known === undefined) fs.writeFileSync(jobsFile, JSON.stringify([...jobs, job]));
  if (mode === 'add-lost' || mode === 'add-and-list-lost') fail('Error: gateway timeout after 30000ms');
  if (mode === 'garbage') return process.stdout.write('not json\n');
  const answer = declarationKey === undefined ? job : { created: known === undefined, job };
  return process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}

if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 60_000));
if (mode === 'gateway-down') {
  fail(
    'Gateway not reachable at ws://127.0.0.1:18789 (ECONNREFUSED).\nStart it with `openclaw gateway run`.',
  );
}
switch (argv.slice(0, 2).join(' ')) {
  case 'cron list':
    if (mode === 'add-and-list-lost' && readJobs().length > 0) fail('Error: gateway timeout after 30000ms');
    process.stdout.write(JSON.stringify({ jobs: readJobs(), hasMore: false }));
    break;
  case 'cron add':
    if (mode === 'unknown-agent') fail(`Error: cron job agent is unavailable: ${option('agent')}`);
    add();
    break;
  default:
    fail(`fake openclaw: no such command: ${argv.join(' ')}`);
}
