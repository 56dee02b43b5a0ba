/**
 * Whether a key belongs to an input method that is still composing, as when Enter confirms a candidate of Chinese
 * input. Safari ends the composition before that key's event and tells it only by the key code 229.
 */
export function isComposing(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari has no other word for it.
  return event.isComposing || event.keyCode === 229
}
