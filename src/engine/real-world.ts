/**
 * The {@link World} of the program: real processes and real files. What starts or looks for processes is loaded when
 * it is needed: an answer from the log needs none of it.
 */
import type { PerformDeps } from '../effects/launch.ts';
import { removeScratch, scratchDir } from '../effects/scratch.ts';
import type { Tool } from '../workflow/definition.ts';
import { expand } from '../workflow/template.ts';
import type { World } from './ports.ts';

export function realWorld(deps: Omit<PerformDeps, 'signal'>): World {
  const { home } = deps;
  const values = new Map([['home', home]]);
  const toolCommand = (tool: Tool): readonly string[] =>
    [tool.command ?? '', ...tool.args].map((part) => expand(part, values));
  return {
    dispatch: async (effect, signal) => {
      const { performDispatch } = await import('../effects/perform.ts');
      return performDispatch(effect, { ...deps, signal });
    },
    lookup: async (effect) => {
      const { lookup } = await import('../effects/lookup.ts');
      return lookup(effect, deps);
    },
    livingChild: async ({ effectId, key }) => {
      const { livingChild } = await import('../effects/child-alive.ts');
      return livingChild(scratchDir(home, effectId), key);
    },
    endChild: async (groupId) => {
      const { endGroup } = await import('../effects/end-group.ts');
      return endGroup(groupId);
    },
    cleanUp: (effectId) => removeScratch(home, effectId),
    toolCommand,
    bootstrap: async (tool, signal) => {
      const { bootstrapTool } = await import('../effects/bootstrap-tool.ts');
      const [command = '', ...args] = toolCommand(tool);
      return bootstrapTool(
        { name: tool.name, command, args, timeoutMs: tool.timeoutMs },
        { ...deps, signal },
      );
    },
    hashFiles: async (paths) => {
      const { hashFile } = await import('../effects/hash-file.ts');
      return paths.map((file) => ({
        file,
        sha256: hashFile(file.startsWith('/') ? file : `${home}/${file}`),
      }));
    },
    checkFiles: async (files) => {
      const { checkFiles } = await import('../effects/check-files.ts');
      const absolute = files.map((one) => ({
        ...one,
        file: one.file.startsWith('/') ? one.file : `${home}/${one.file}`,
      }));
      return checkFiles(absolute).map((check, i) => ({ ...check, file: files[i]?.file ?? check.file }));
    },
  };
}
