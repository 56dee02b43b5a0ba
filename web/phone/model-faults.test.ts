import { expect, it } from 'vitest'
import { modelFaultOf, modelFaults, type ModelFault } from './model-faults.js'

it.each(Object.keys(modelFaults) as ModelFault[])(
  'knows %s again, whatever the order of its words',
  (name) => {
    const fault = modelFaults[name]
    expect(modelFaultOf(fault ? [Object.fromEntries(Object.entries(fault).reverse())] : [])).toBe(name)
  },
)

it('takes what others had go wrong for none of its own', () => {
  expect(modelFaultOf([{ html: true }])).toBeNull()
  expect(modelFaultOf([{ status: 500, times: 2 }])).toBeNull()
  expect(modelFaultOf([{ status: 500 }, { status: 500 }])).toBeNull()
})
