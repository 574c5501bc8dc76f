// A FAKE: what statfs(2) says of the home's file system. A network file system, or a full disk, cannot be had in a
// test; everything else is the real program. Loaded with `node --require`; the environment names what to say.
'use strict';
const fs = require('node:fs');

const real = fs.statfsSync;
fs.statfsSync = (path, ...rest) => ({
  ...real(path, ...rest),
  ...JSON.parse(process.env.FAKE_STATFS ?? '{}'),
});
