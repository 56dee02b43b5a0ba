/** Seals secrets for the database, each for a purpose; the server's SecretBox satisfies it. */
export interface SecretCipher {
  encrypt(text: string, purpose: string): string
  /** Throws ConfigError when it does not open here. */
  decrypt(sealed: string, purpose: string): string
}

/** Seals a value with another key for the same purpose; gives it as it is where it can't be opened. */
export type Reseal = (sealed: string, purpose: string) => string
