/**
 * Where WF_PROPERTY_SEED is set every property begins there, so that the same tree passes or fails the same way each time
 * (scripts/check.mjs, docs/decisions/024). Without it each run tries histories that nobody tried before.
 */
import fc from 'fast-check';

const seed = Number(process.env.WF_PROPERTY_SEED);
if (!Number.isSafeInteger(seed)) throw new Error('WF_PROPERTY_SEED is to be a whole number');
fc.configureGlobal({ seed });
