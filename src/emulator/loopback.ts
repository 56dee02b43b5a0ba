/** Whether a host, as a URL or a Host header names it, is this machine and can be no other. */
export function isLoopback(host: string): boolean {
  const name = bare(host)
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
  )
}

/** Without an IPv6 address's brackets, in small letters. */
export function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}
