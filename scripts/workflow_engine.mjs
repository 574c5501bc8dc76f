#!/usr/bin/env node
// The script engine's command line (`run <workflow> --input …`, JSON out), carried out by `wf`.
import { startCompat } from './start-node.mjs';

startCompat('engine');
