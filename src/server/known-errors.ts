import { AllowanceError, CommandError } from '../conversation/index.js'
import type { KnownErrors } from '../http/error-form.js'
import { errorStatus } from '../protocol/refusals.js'
import type { Metrics } from './metrics.js'

/** How HTTP answers the errors of rooms that do not know it. */
export const knownErrors: KnownErrors = (error) => {
  if (!(error instanceof CommandError || error instanceof AllowanceError)) return undefined
  return { status: errorStatus[error.code], code: error.code, message: error.message }
}

/** The same; what WeChat's allowance left no room for is counted. */
export function countedErrors({ allowanceRefusals }: Pick<Metrics, 'allowanceRefusals'>): KnownErrors {
  return (error) => {
    if (error instanceof AllowanceError) allowanceRefusals.inc({ by: 'api' })
    return knownErrors(error)
  }
}
