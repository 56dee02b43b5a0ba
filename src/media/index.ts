export { PictureFetcher, type PictureFetcherOptions, type ShownMessage } from './picture-fetcher.js'
export { PictureLibrary, type KeptPicture, type PictureLibraryOptions } from './picture-library.js'
export { pictureSender } from './picture-sender.js'
export { pictureStore, type PictureStore } from './picture-store.js'
