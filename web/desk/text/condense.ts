/** The text without what says nothing and costs room: blank lines, runs of spaces, marks that are repeated. */
export function condense(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .replace(/([！？!?～。])\1+/g, '$1')
    .trim()
}
