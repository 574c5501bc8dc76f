/** Put in by the build from package.json. */
declare const __WF_VERSION__: string;
