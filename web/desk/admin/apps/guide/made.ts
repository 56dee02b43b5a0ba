/** What was made for a Mini Program: kept in the open page alone, as the service never shows it again. */
export interface MadeSecrets {
  token: string
  encodingAESKey: string
}
