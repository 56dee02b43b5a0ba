import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from './support/property-runs.js'
import { checkComposer } from '../web/desk/conversations/composer/machine/testing-model.js'
import { step } from '../web/desk/conversations/composer/machine/machine.js'

it('no character is lost, torn, doubled or delivered anywhere but where it was written', () => {
  fc.assert(
    fc.property(
      fc.array(fc.noBias(fc.nat(9999)), { minLength: 40, maxLength: 600, size: 'max' }),
      (choices) => {
        expect(checkComposer(choices, step)).toEqual([])
      },
    ),
    // The same runs for every commit: a red one is the commit's own. KEFU_PROPERTY_SEED looks elsewhere.
    { numRuns: runs(10_000, 300), seed: Number(process.env['KEFU_PROPERTY_SEED'] ?? 20_261_130) },
  )
}, 600_000)
