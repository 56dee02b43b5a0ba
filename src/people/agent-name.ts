/** The longest name, in characters. */
export const NAME_MOST = 40

/** A name as it is shown: one line, without anything that can't be seen. Undefined when it is none. */
export function parseAgentName(text: string): string | undefined {
  const name = text.normalize('NFC').trim().replace(/ +/g, ' ')
  const length = Array.from(name).length
  if (length < 1 || length > NAME_MOST) return undefined
  // Control characters write to terminals, and direction marks make one name look like another.
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(name) ? undefined : name
}

/** Returns the key that two names share when they are the same to a person. */
export function agentNameKey(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
}
