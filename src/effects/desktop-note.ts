/** The command line that shows a text on the desktop. The text is always one argument, and never code or an option. */

/** What a program needs to find the desktop of whoever is logged in. */
export const DESKTOP_VARIABLES = [
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'XAUTHORITY',
] as const;

const TITLE = 'wf';

/** Title and text come as arguments of the script, which itself is fixed. */
const APPLE_SCRIPT = [
  'on run argv',
  'display notification (item 2 of argv) with title (item 1 of argv)',
  'end run',
];

export const desktopNote = (text: string, platform: NodeJS.Platform): readonly string[] =>
  platform === 'darwin'
    ? ['osascript', ...APPLE_SCRIPT.flatMap((line) => ['-e', line]), TITLE, text]
    : ['notify-send', `--app-name=${TITLE}`, '--', TITLE, withoutMarkup(text)];

/** Desktops read the text as markup. */
const withoutMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
