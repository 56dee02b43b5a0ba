import { ConfigError, DecodeError, SignatureError } from '../../src/errors.js'

/**
 * How a call was refused: `SignatureError mismatch`, or `accepted` when it was not. Any error that a push must
 * never cause is thrown on.
 */
export function refusal(act: () => unknown): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    if (error instanceof SignatureError || error instanceof DecodeError || error instanceof ConfigError)
      return `${error.name} ${error.code}`
    throw error
  }
}
