/** A random name for what this page makes. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(15))
  return [...bytes].map((byte) => byte.toString(36).padStart(2, '0')).join('')
}
