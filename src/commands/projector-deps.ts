/** What comparing and rebuilding projections needs, from a home that is open. */
import type { OpenHome } from '../engine/open-home.ts';
import { openBlobs } from '../home/blobs.ts';
import type { ProjectorDeps } from '../home/fold-range.ts';
import { nodeFs } from '../log/file-system.ts';
import { bulkSha256 } from '../log/hash.ts';

export function projectorDeps(home: OpenHome, onNotice: (text: string) => void): ProjectorDeps {
  const { paths, index, store, config, ports } = home;
  const sha256 = bulkSha256();
  return {
    fs: nodeFs,
    paths,
    index,
    store,
    sha256,
    bootId: ports.ownership.self.bootId,
    blobs: openBlobs(paths.blobs, sha256),
    allowedRoots: config.allowedRoots,
    keptRuns: config.keepRunFiles,
    onNotice,
  };
}
