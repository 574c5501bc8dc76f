/** What a torture found, gathered life by life: counts for every step and phase, and each thing that went wrong. */
import type { DispatcherName } from '../../events/run-events.ts';
import type { Definition } from '../../workflow/definition.ts';
import type { Fault, FindingKind } from './acts.ts';
import { type Advice, adviceFor } from './advice.ts';
import { beganAnew, doneAnew, type Lived, type Outcome, outcomeOf, type Phase, phaseOf } from './judge.ts';
import type { Life, Way } from './life.ts';
import { type Scenario, type StepFacts, scenarioText, type Trouble } from './scenario.ts';
import type { Crashed } from './scratch-home.ts';

export type CrashLine = {
  readonly phase: Phase;
  readonly outcome: Outcome;
  readonly kills: number;
  readonly powerCuts: number;
  /** Of these, how often the next command found the act's process alive, and touched nothing. */
  readonly stillWorking: number;
};
export type TroubleLine = { readonly trouble: Trouble; readonly outcome: Outcome };

export type StepReport = {
  readonly step: string;
  readonly dispatcher: DispatcherName;
  readonly idempotent: boolean;
  /** Killed once, in a run where all else goes well. */
  readonly crashes: readonly CrashLine[];
  /** Not killed at all: what becomes of a first attempt that goes wrong. */
  readonly troubles: readonly TroubleLine[];
  readonly advice: readonly Advice[];
};

export type Finding = Fault & {
  /** What else happened in that life. */
  readonly scenario: string;
  /** The crashes, in order; empty for a life without one. */
  readonly at: readonly { readonly place: string; readonly crash: 'kill' | 'power-cut' }[];
  readonly next: Way;
};

export type TortureReport = {
  /** False when anything was repeated or lost in silence. */
  readonly ok: boolean;
  readonly counts: {
    readonly lives: number;
    /** Before and after each append, act and projection, over all lives without a crash. */
    readonly points: number;
    readonly kills: number;
    readonly powerCuts: number;
    readonly commands: number;
    readonly acts: number;
  };
  /** The bound on lives was met: not everything was tried. */
  readonly cutShort: boolean;
  readonly steps: readonly StepReport[];
  /** Most often that one run started a tool's command, over all single crashes. */
  readonly tools: readonly { readonly tool: string; readonly setUps: number }[];
  /** Lives in which a person had to say yes once more than without the crash. */
  readonly askedAgain: number;
  /**
   * Killed right after a failure was recorded, and the same request given again: a new run, as after every failure.
   * `steps` are those that happened in both.
   */
  readonly beganAnew: { readonly lives: number; readonly steps: readonly string[] };
  readonly findings: readonly Finding[];
  /** All of them; `findings` has the first of each kind and step. */
  readonly findingsInAll: number;
};

const PHASES: readonly Phase[] = ['before', 'intended', 'acting', 'acted', 'recorded'];

export class Tally {
  readonly #definition: Definition;
  readonly #steps: readonly StepFacts[];
  readonly #maxLives: number;
  readonly #counts = { lives: 0, points: 0, kills: 0, powerCuts: 0, commands: 0, acts: 0 };
  readonly #crashes = new Map<string, CrashLine>();
  readonly #troubles = new Map<string, TroubleLine>();
  readonly #setUps = new Map<string, number>();
  readonly #findings = new Map<string, Finding>();
  #findingsInAll = 0;
  #askedAgain = 0;
  #beganAnew = 0;
  readonly #doneAnew = new Set<string>();
  #cutShort = false;

  constructor(definition: Definition, steps: readonly StepFacts[], maxLives: number) {
    this.#definition = definition;
    this.#steps = steps;
    this.#maxLives = maxLives;
  }

  isFull(): boolean {
    if (this.#counts.lives >= this.#maxLives) this.#cutShort = true;
    return this.#cutShort;
  }

  #count({ home, life }: Lived): void {
    this.#counts.lives += 1;
    this.#counts.commands += life.commands;
    this.#counts.acts += home.records.acts.length + home.records.bootstraps.length;
    for (const { crash } of home.crashed) this.#counts[crash.power ? 'powerCuts' : 'kills'] += 1;
  }

  undisturbed(lived: Lived, scenario: Scenario): void {
    this.#count(lived);
    this.#counts.points += lived.home.points.places.length;
    if (scenario.kind !== 'trouble') return;
    const facts = this.#steps.find(({ step }) => step.id === scenario.step);
    if (facts === undefined) return;
    const line = { trouble: scenario.trouble, outcome: outcomeOf(facts, lived) };
    this.#troubles.set(`${scenario.step} ${scenario.trouble}`, line);
  }

  disturbed(lived: Lived, scenario: Scenario, undisturbed: Life): void {
    this.#count(lived);
    const { home, life } = lived;
    const [crashed] = home.crashed;
    if (beganAnew(home)) {
      this.#beganAnew += 1;
      for (const step of doneAnew(home)) this.#doneAnew.add(step);
    }
    if (scenario.kind !== 'well' || home.crashed.length !== 1 || crashed === undefined) return;
    if (life.approvals > undisturbed.approvals) this.#askedAgain += 1;
    for (const tool of new Set(home.records.bootstraps)) {
      const times = home.records.bootstraps.filter((name) => name === tool).length;
      this.#setUps.set(tool, Math.max(times, this.#setUps.get(tool) ?? 0));
    }
    for (const facts of this.#steps) {
      const phase = phaseOf(facts.step.id, home, crashed);
      const outcome = outcomeOf(facts, lived);
      const name = `${facts.step.id} ${phase} ${outcome}`;
      const before = this.#crashes.get(name) ?? { phase, outcome, kills: 0, powerCuts: 0, stillWorking: 0 };
      const { power } = crashed.crash;
      this.#crashes.set(name, {
        ...before,
        kills: before.kills + (power ? 0 : 1),
        powerCuts: before.powerCuts + (power ? 1 : 0),
        stillWorking: before.stillWorking + (life.stillWorking && phase === 'acting' ? 1 : 0),
      });
    }
  }

  faults(
    faults: readonly Fault[],
    where: { readonly scenario: Scenario; readonly way: Way; readonly crashed: readonly Crashed[] },
  ): void {
    for (const fault of faults) {
      this.#findingsInAll += 1;
      const kind: FindingKind = fault.kind;
      const name = `${kind} ${fault.step ?? ''}`;
      if (this.#findings.has(name)) continue;
      this.#findings.set(name, {
        ...fault,
        scenario: scenarioText(where.scenario),
        at: where.crashed.map(({ place, crash }) => ({ place, crash: crash.power ? 'power-cut' : 'kill' })),
        next: where.way,
      });
    }
  }

  report(): TortureReport {
    return {
      ok: this.#findingsInAll === 0,
      counts: { ...this.#counts },
      cutShort: this.#cutShort,
      steps: this.#steps.map((facts) => this.#step(facts)),
      tools: this.#definition.tools.flatMap(({ name, command }) =>
        command === undefined ? [] : [{ tool: name, setUps: this.#setUps.get(name) ?? 1 }],
      ),
      askedAgain: this.#askedAgain,
      beganAnew: {
        lives: this.#beganAnew,
        steps: this.#steps.map(({ step }) => step.id).filter((id) => this.#doneAnew.has(id)),
      },
      findings: [...this.#findings.values()],
      findingsInAll: this.#findingsInAll,
    };
  }

  #step(facts: StepFacts): StepReport {
    const { step, dispatcher } = facts;
    const of = <T>(lines: ReadonlyMap<string, T>): readonly T[] =>
      [...lines].flatMap(([name, line]) => (name.startsWith(`${step.id} `) ? [line] : []));
    const crashes = of(this.#crashes).toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
    const troubles = of(this.#troubles);
    const advice = adviceFor(facts, crashes, troubles);
    return { step: step.id, dispatcher, idempotent: step.idempotent, crashes, troubles, advice };
  }
}
