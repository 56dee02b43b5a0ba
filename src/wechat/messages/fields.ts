import type { Field, Words } from './message-type.js'

/** WeChat publishes no bounds of a card's fields; these are our own. */
export function title(label: Words): Field {
  return {
    wire: 'title',
    kind: 'text',
    maxCharacters: 200,
    mayBeEmpty: false,
    takesPlaceholders: true,
    be: 'a title',
    example: '…',
    label,
  }
}

export function description(label: Words): Field {
  return {
    wire: 'description',
    kind: 'text',
    maxCharacters: 500,
    mayBeEmpty: true,
    takesPlaceholders: true,
    be: 'a text, which may be empty',
    example: '…',
    label,
  }
}

/** An address on the web; the address of a picture takes no placeholders. */
export function webAddress(wire: string, takesPlaceholders: boolean, label: Words): Field {
  return {
    wire,
    kind: 'address',
    maxCharacters: 2048,
    mayBeEmpty: false,
    takesPlaceholders,
    be: 'a web address',
    example: 'https://…',
    label,
  }
}

/** The id of an upload, which WeChat forgets after limits.mediaSeconds. */
export function mediaId(wire: string, label: Words): Field {
  return {
    wire,
    kind: 'media',
    maxCharacters: 256,
    mayBeEmpty: false,
    takesPlaceholders: false,
    be: 'a media id',
    example: '…',
    label,
  }
}
