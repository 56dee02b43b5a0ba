/** Characters that nobody sees: controls but line feeds, zero-width ones, marks of direction, and byte order marks. */
const unseen =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu
/** What models take for the end of a role, such as `<|im_end|>` or `[INST]`. */
const roleTokens = /<\|[^<>|]{0,40}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>/giu
/** Kefu's own fences begin and end so. */
const fences = /<{2,}|>{2,}/gu

/** Returns a text that can stand in a prompt as data: it ends no role and no fence, and hides nothing. */
export function cleanText(text: string): string {
  let clean = text.normalize('NFKC').replace(unseen, '')
  // What is left when one is taken out may make another.
  for (;;) {
    const next = clean.replace(roleTokens, '').replace(fences, ' ')
    if (next === clean) return clean.trim()
    clean = next
  }
}
