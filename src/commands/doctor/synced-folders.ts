/** Folders that a sync client copies: told by how they are called, and by the files that clients leave in their root. */

const fs = process.getBuiltinModule('node:fs');

export type SyncClient = {
  readonly name: string;
  /** The path or file that gives it away. */
  readonly sign: string;
};

/** One part of a path. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^Dropbox( \(.+\))?$/, 'Dropbox'],
  [/^OneDrive( - .+)?$/, 'OneDrive'],
  [/^(Google ?Drive|GoogleDrive-.+|My Drive)$/, 'Google Drive'],
  [/^(com~apple~CloudDocs|Mobile Documents|iCloud ?Drive)$/, 'iCloud'],
  [/^CloudStorage$/, 'a cloud storage'],
  [/^(Nextcloud|ownCloud)$/, 'Nextcloud'],
  [/^pCloudDrive$/, 'pCloud'],
];

/** Files and folders in the root of what is synchronised. */
const MARKERS: readonly (readonly [string, string])[] = [
  ['.dropbox', 'Dropbox'],
  ['.dropbox.cache', 'Dropbox'],
  ['.stfolder', 'Syncthing'],
  ['.stignore', 'Syncthing'],
  ['.tmp.drivedownload', 'Google Drive'],
  ['.tmp.driveupload', 'Google Drive'],
  ['.nextcloudsync.log', 'Nextcloud'],
  ['.owncloudsync.log', 'ownCloud'],
  ['.SynologyWorkingDirectory', 'Synology Drive'],
  ['.SeaDrive', 'Seafile'],
];

/** @param path absolute, without symbolic links */
export function syncClientOf(path: string): SyncClient | null {
  const parts = path.split('/').slice(1);
  for (const [i, part] of parts.entries()) {
    const named = NAMES.find(([pattern]) => pattern.test(part));
    if (named !== undefined) return { name: named[1], sign: `/${parts.slice(0, i + 1).join('/')}` };
  }
  for (let n = parts.length; n > 0; n--) {
    const folder = `/${parts.slice(0, n).join('/')}`;
    const marker = MARKERS.find(([file]) => fs.existsSync(`${folder}/${file}`));
    if (marker !== undefined) return { name: marker[1], sign: `${folder}/${marker[0]}` };
  }
  return null;
}
