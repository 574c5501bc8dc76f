/** A real home with one definition of its own, opened as the program opens it; the package's folder is a made one. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type Opened, openImproveHome } from './open-improve-home.ts';

/** Comments and order are the user's: an edit has to keep them. */
export const DEFINITION = `{
  "id": "demo", // mine
  "defaults": { "assumptions": ["Ask nobody."] },
  "execute": { "dispatcher": "manual" },
  "selfImprove": { "enabled": true, "autoApplyLowRisk": true, "maxChangesPerRun": 2 }
}
`;

export type ImproveHome = {
  readonly root: string;
  readonly home: string;
  readonly bundledDir: string;
  /** The home's own definition, there or not. */
  readonly file: string;
  /** A process's view of the home: every call is another one. */
  open(): Promise<Opened>;
  read(): string;
};

export function improveHome(where: 'home' | 'bundled' = 'home', text = DEFINITION): ImproveHome {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'wf-improve-')));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const home = path.join(root, 'home');
  const bundledDir = path.join(root, 'package/definitions');
  const file = path.join(home, 'definitions/demo.json');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.mkdirSync(bundledDir, { recursive: true });
  fs.writeFileSync(where === 'home' ? file : path.join(bundledDir, 'demo.json'), text);
  return {
    root,
    home,
    bundledDir,
    file,
    open: () => openImproveHome(home, path.join(root, 'package')),
    read: () => fs.readFileSync(file, 'utf8'),
  };
}
