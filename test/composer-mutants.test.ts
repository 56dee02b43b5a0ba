import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { step } from '../web/desk/conversations/composer/machine/machine.js'
import { checkComposer } from '../web/desk/conversations/composer/machine/testing-model.js'
import { mutants, type Mutant } from './composer-mutants.js'

/** The same interleavings every time; no mutant needed half of them. */
const tries = { seed: 20_261_130, numRuns: 3000, endOnFailure: true }

/** In how many interleavings a composer was found to be wrong; undefined when it was not. */
function runsToFind(mutant: Mutant): number | undefined {
  const machine = mutant(step)
  const found = fc.check(
    fc.property(
      fc.array(fc.noBias(fc.nat(9999)), { minLength: 40, maxLength: 600, size: 'max' }),
      (choices) => checkComposer(choices, machine).length === 0,
    ),
    tries,
  )
  return found.failed ? found.numRuns : undefined
}

describe('the property of the composer finds it when', () => {
  it.each(Object.entries(mutants))('%s', (_name, mutant) => {
    expect(runsToFind(mutant)).toBeDefined()
  })
})
