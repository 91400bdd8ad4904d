/** A photo as a phone takes it: lying on its side, with the place it was taken at. */
import type { Page } from 'playwright-core'

const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
const entry = (tag: number, type: number, count: number, value: number[]) => [
  ...u16(tag),
  ...u16(type),
  ...u32(count),
  ...value,
]

/** What must not arrive with anybody who was not given it on purpose. */
export const place = 'N 52 31'

/** Exif, "which side is up": the sensor's top lies on the right. And a folder on where it was. */
function exif(): Buffer {
  const gps = entry(1, 2, 2, [0x4e, 0, 0, 0])
  const directory = [...entry(0x0112, 3, 1, [...u16(6), 0, 0]), ...entry(0x8825, 4, 1, u32(38))]
  const tiff = [0x4d, 0x4d, ...u16(42), ...u32(8), ...u16(2), ...directory, ...u32(0), ...u16(1), ...gps, ...u32(0)]
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), Buffer.from(tiff), Buffer.from(place)])
  return Buffer.concat([Buffer.from([0xff, 0xe1, ...u16(body.length + 2)]), body])
}

/** 60 by 40 as the sensor has it, its left half red; so 40 by 60 as it is to be seen, its upper half red. */
export async function takePhoto(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 60, height: 40 })
    const context = canvas.getContext('2d')
    if (!context) throw Error('no canvas')
    context.fillStyle = 'blue'
    context.fillRect(0, 0, 60, 40)
    context.fillStyle = 'red'
    context.fillRect(0, 0, 30, 40)
    return canvas.toDataURL('image/jpeg').split(',')[1] ?? ''
  })
  const bare = Buffer.from(base64, 'base64')
  return Buffer.concat([bare.subarray(0, 2), exif(), bare.subarray(2)])
}

export interface Seen {
  width: number
  height: number
  /** Red, green and blue of the middle of the upper and of the lower half. */
  upper: number[]
  lower: number[]
}

/** What somebody sees who opens the picture. */
export function lookAt(page: Page, bytes: Buffer): Promise<Seen> {
  return page.evaluate(async (base64) => {
    const image = new Image()
    image.src = URL.createObjectURL(
      new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: 'image/jpeg' }),
    )
    await image.decode()
    const { naturalWidth: width, naturalHeight: height } = image
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')
    if (!context) throw Error('no canvas')
    context.drawImage(image, 0, 0)
    const at = (y: number) => [...context.getImageData(width / 2, y, 1, 1).data.slice(0, 3)]
    return { width, height, upper: at(height / 4), lower: at((height * 3) / 4) }
  }, bytes.toString('base64'))
}
