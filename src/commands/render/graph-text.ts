/** A graph in plain characters (7-bit, for any terminal and any log) and as a Mermaid flowchart (for Markdown). */
import type { Graph, GraphItem, GraphStage } from '../../projections/graph/graph.ts';
import type { GraphMark } from '../../projections/graph/marks.ts';
import { oneLine } from './text.ts';

export type GraphFormat = 'ascii' | 'mermaid';

export const graphText = (graph: Graph, format: GraphFormat): string =>
  format === 'ascii' ? asciiGraph(graph) : mermaidGraph(graph);

const BOXES: Readonly<Record<GraphMark, string>> = {
  done: '[x]',
  here: '[>]',
  handed_off: '[~]',
  'in-doubt': '[?]',
  failed: '[!]',
  skipped: '[-]',
  pending: '[ ]',
};
const LEGEND = '[x] done  [>] here  [~] handed off  [?] in doubt  [!] failed  [-] passed over  [ ] not yet';
const WIDTH = 100;

function asciiGraph(graph: Graph): string {
  const box = (mark: GraphMark | null): string =>
    graph.runId === null ? '' : `${mark === null ? '   ' : BOXES[mark]} `;
  const lines = graph.stages.flatMap(({ stage, mark, items }, i) => {
    const rail = i === graph.stages.length - 1 ? ' ' : '|';
    return [
      ` +- ${box(mark)}${stage}`,
      ...items.map((item) => ` ${rail}    ${box(item.mark)}${word(item).padEnd(7)} ${labelOf(item)}`),
    ];
  });
  const head = graph.runId === null ? '' : `, run ${graph.runId}`;
  const legend = graph.runId === null ? '' : `\n${LEGEND}\n`;
  return `workflow ${graph.workflowId}${head}\n |\n${lines.map((line) => `${line.trimEnd()}\n`).join('')}${legend}`;
}

const word = ({ kind }: GraphItem): string => (kind === 'approval' ? 'ask' : kind);

const labelOf = ({ kind, name, detail }: GraphItem): string => {
  const head = kind === 'approval' ? `before ${name}` : name;
  return oneLine(detail === '' ? head : `${head}: ${detail}`, WIDTH).replace('…', '...');
};

const CLASSES: Readonly<Record<GraphMark, string>> = {
  done: 'fill:#d7f0d7',
  here: 'fill:#ffe9a8,stroke-width:3px',
  handed_off: 'fill:#d6e6fa',
  'in-doubt': 'fill:#f6d5f0',
  failed: 'fill:#f6c9c9',
  skipped: 'fill:#eeeeee,stroke-dasharray:4',
  pending: 'fill:#ffffff',
};

function mermaidGraph(graph: Graph): string {
  const lines: string[] = ['flowchart TD'];
  const used = new Set<GraphMark>();
  let ends: readonly string[] = [];
  const node = (id: string, shape: readonly [string, string], text: string, mark: GraphMark | null): void => {
    if (mark !== null) used.add(mark);
    const drawn = mark === null ? '' : `:::${className(mark)}`;
    lines.push(`  ${id}${shape[0]}"${escaped(text)}"${shape[1]}${drawn}`);
    for (const end of ends) lines.push(`  ${end} --> ${id}`);
  };
  for (const stage of graph.stages) {
    node(stage.stage, ['([', '])'], stage.stage, stage.mark);
    ends = [stage.stage];
    ends = itemNodes(stage, ends, (id, shape, text, mark, from) => {
      ends = from;
      node(id, shape, text, mark);
    });
  }
  for (const mark of used) lines.push(`  classDef ${className(mark)} ${CLASSES[mark]}`);
  return `${lines.join('\n')}\n`;
}

type Draw = (
  id: string,
  shape: readonly [string, string],
  text: string,
  mark: GraphMark | null,
  from: readonly string[],
) => void;

/** Routes stand side by side, everything else one after the other. Answers where the next stage begins from. */
function itemNodes({ stage, items }: GraphStage, from: readonly string[], draw: Draw): readonly string[] {
  let ends = from;
  const routes: string[] = [];
  items.forEach((item, i) => {
    const id = `${stage}_${i + 1}`;
    draw(id, shapeOf(item), `${word(item)} ${labelOf(item)}`, item.mark, ends);
    if (item.kind === 'route') routes.push(id);
    else ends = [id];
  });
  return routes.length > 0 ? routes : ends;
}

const shapeOf = ({ kind }: GraphItem): readonly [string, string] =>
  kind === 'approval' ? ['{', '}'] : kind === 'check' ? ['[/', '/]'] : ['[', ']'];

/** `in-doubt` reads as a link in some versions. */
const className = (mark: GraphMark): string => mark.replace('-', '_');

/** Nothing of a label is markup: Mermaid reads entities, and renders to HTML. */
const escaped = (text: string): string =>
  text.replace(/[^\w\s.,:/()+*=-]/gu, (char) => `#${char.codePointAt(0) ?? 32};`);
