#!/usr/bin/env node
// The script engine's feedback command line (`submit …`, `improve …`, JSON out), carried out by `wf`.
import { startCompat } from './start-node.mjs';

startCompat('feedback');
