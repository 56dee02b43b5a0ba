import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { missingFor, projectNames, type ProjectName } from './projects.js'

/** Ends a run with what passed, how long it took, what was not run, and how to run that. */
export class ClosingLine implements Reporter {
  #vitest: Vitest | undefined
  readonly #began = performance.now()

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
    const ran = new Set(this.#vitest?.projects.map(({ name }) => name))
    const lines = [`Ran: ${[...ran].join(', ')} in ${duration(performance.now() - this.#began)}.`]
    const left = projectNames.filter((name) => !ran.has(name))
    for (const name of left) lines.push(`Not run: ${await whyNot(name)}.`)
    if (left.length > 0)
      lines.push('`npm run test:rest` runs what `npm test` leaves out, `npm run test:all` both.')
    for (const test of tests.filter((test) => test.diagnostic()?.flaky))
      lines.push(`Passed only when it was run again: ${test.module.moduleId} > ${test.fullName}`)
    // The counts stand alone on the last line: scripts read them.
    lines.push(
      `kefu: ${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`,
    )
    this.#vitest?.logger.log(`\n${lines.join('\n')}`)
  }
}

async function whyNot(name: ProjectName): Promise<string> {
  const missing = await missingFor(name)
  return missing === undefined
    ? `${name} (npx vitest run --project ${name})`
    : `${name}, for there is ${missing}`
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
