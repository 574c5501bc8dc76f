/**
 * Whether an unfinished end is really one: another process may have been writing just when it was read. A write that
 * was begun is a matter of microseconds; what stands there unchanged after these looks has nobody who finishes it.
 */
import type { Sha256Hex } from './event-store.ts';
import { nodeFs } from './file-system.ts';
import { verifiedScan } from './verified-scan.ts';
import type { VerifyResult } from './verify.ts';
import { wholeLog } from './whole-log.ts';

const LOOKS = 3;
const PAUSE_MS = 100;

/** @param found says where the good part ended, and with what */
export const isStillTorn = async (
  logPath: string,
  found: Pick<VerifyResult, 'bytes' | 'headSeq' | 'headHash'>,
  sha256: Sha256Hex,
): Promise<boolean> => {
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!isTorn(logPath, found, sha256)) return false;
  }
  return true;
};

const isTorn = (
  logPath: string,
  { bytes, headSeq, headHash }: Pick<VerifyResult, 'bytes' | 'headSeq' | 'headHash'>,
  sha256: Sha256Hex,
): boolean => {
  const fs = wholeLog(nodeFs);
  const fd = fs.openSync(logPath, 'r');
  try {
    const size = fs.fstatSync(fd).size;
    const scan = verifiedScan(fs, fd, bytes, size, { seq: headSeq, hash: headHash }, sha256);
    const first = scan.next();
    return first.done === true && first.value.stop !== undefined;
  } finally {
    fs.closeSync(fd);
  }
};
