/** Seals secrets for the database, each for a purpose; the server's SecretBox satisfies it. */
export interface SecretCipher {
  encrypt(text: string, purpose: string): string
  /** Throws ConfigError when it does not open here. */
  decrypt(sealed: string, purpose: string): string
}
