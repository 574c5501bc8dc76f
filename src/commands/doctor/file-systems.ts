/** Which file systems are a network's, by the numbers of statfs(2) (Linux, linux/magic.h and the drivers' own). */

const fs = process.getBuiltinModule('node:fs');

const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x01021997, '9p'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x00c36400, 'ceph'],
  [0x0bd00bd0, 'lustre'],
  [0x19830326, 'beegfs'],
  [0x7461636f, 'ocfs2'],
  [0x01161970, 'gfs2'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
]);
const FUSE = 0x65735546;
/** Programs behind FUSE that reach over a network; others, like a disk with NTFS, are of this machine. */
const NETWORK_FUSE =
  /^fuse\.(sshfs|rclone|s3fs|goofys|gcsfuse|mount-s3|glusterfs|juicefs|davfs2?|curlftpfs|gvfsd-fuse|cephfs|google-drive-ocamlfuse|onedriver|vmhgfs-fuse|portal)$/;

/** Name of the network file system that holds the path; null where it is none, or cannot be known. */
export function kindOfFileSystem(path: string): string | null {
  if (process.platform !== 'linux') return null;
  const type = fs.statfsSync(path).type;
  if (type !== FUSE) return NETWORK.get(type) ?? null;
  const mounted = fuseTypeOf(path, readMounts());
  return mounted !== null && NETWORK_FUSE.test(mounted) ? mounted : null;
}

function readMounts(): string {
  try {
    return fs.readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

/** The type of the mount that is nearest above the path. `36 35 98:0 / /mnt rw … - fuse.sshfs source options` */
export function fuseTypeOf(path: string, mountInfo: string): string | null {
  let nearest = '';
  let type: string | null = null;
  for (const line of mountInfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const escaped = left.split(' ')[4];
    if (escaped === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    if (!isAbove || point.length < nearest.length) continue;
    nearest = point;
    type = right.split(' ')[0] ?? null;
  }
  return type;
}
