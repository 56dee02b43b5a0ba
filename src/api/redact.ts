/** Words from outside, fit for a log: no secrets, nothing that could be a token, one line, not too long. */
export function redact(words: string, secrets: readonly string[] = []): string {
  let safe = words
  for (const secret of secrets)
    // A short one is no real one, and would be found in the middle of words.
    if (secret.length >= 8)
      safe = safe.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')
  return safe
    .replace(/[\w-]{64,}/g, '***')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, 300)
}

/**
 * Returns the part of an error from below that may be kept: its name, code and words. Some carry the bytes that came, the whole
 * URL or a command's arguments, and with them a token.
 */
export function causeOf(error: unknown, secrets?: readonly string[]): Error & { code?: string } {
  if (!(error instanceof Error)) return new Error('unknown cause')
  const cause = Object.assign(new Error(redact(error.message, secrets)), { name: error.name })
  return 'code' in error && typeof error.code === 'string'
    ? Object.assign(cause, { code: error.code })
    : cause
}
