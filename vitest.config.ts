/**
 * Two projects: `fast` needs only the sources and is part of `npm run check`; `built` starts the bundle in real
 * processes and is part of `npm test`.
 */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export default defineConfig({
  define: { __WF_VERSION__: JSON.stringify(version) },
  test: {
    setupFiles: process.env.WF_PROPERTY_SEED === undefined ? [] : ['test/support/property-seed.ts'],
    pool: 'forks',
    // The default leaves one processor free, which on two is half of them.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/{unit,property,golden}/**/*.test.ts'],
          // More histories take longer; see test/support/property-runs.ts.
          testTimeout: 20_000 * Math.max(1, Number(process.env.WF_PROPERTY_FACTOR ?? 1)),
        },
      },
      {
        extends: true,
        test: {
          name: 'built',
          include: ['test/{crash,cli}/**/*.test.ts'],
          globalSetup: ['scripts/ensure-built.mjs'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
