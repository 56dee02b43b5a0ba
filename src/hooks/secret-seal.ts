/** Seals secrets for the database, each for a purpose; the server's SecretBox satisfies it. */
export interface SecretSeal {
  seal(text: string, purpose: string): string
  /** Throws ConfigError when it does not open here. */
  open(sealed: string, purpose: string): string
}
