/** An address's host, in ASCII where a browser writes it so: what looks like another site does not here. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** Whether an address hides where it leads: a name before the host, letters of other scripts, a bare number. */
export function isTrickyAddress(url: string): boolean {
  if (!URL.canParse(url)) return true
  const { hostname, username, password } = new URL(url)
  return (
    username !== '' ||
    password !== '' ||
    hostname.split('.').some((part) => part.startsWith('xn--')) ||
    /^[\d.]+$|^\[/.test(hostname)
  )
}
