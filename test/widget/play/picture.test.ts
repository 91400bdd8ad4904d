import { describe, expect, it, vi } from 'vitest'
import { readJpeg, viewOf } from '../../../widget/play/jpeg.ts'
import { redraw } from '../../../widget/play/picture.ts'

const canvasOf = (width: number, height: number) => Object.assign(document.createElement('canvas'), { width, height })

async function pictureOf(type: string, { width = 60, height = 40 } = {}): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = canvasOf(width, height)
  canvas.getContext('2d')?.fillRect(0, 0, width, height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type))
  return new Uint8Array(await new Response(blob).arrayBuffer())
}

const bytesOf = async (blob: Blob) => new Uint8Array((await viewOf(blob)).buffer)
const includes = async (blob: Blob, text: string) => String.fromCharCode(...(await bytesOf(blob))).includes(text)

/** With a place in its Exif, a comment, and another picture hung on its end. */
async function photo(orientation = 1): Promise<File> {
  const bare = await pictureOf('image/jpeg')
  const entry = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0]
  const said = [...new TextEncoder().encode('N 52 31')]
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff, ...said]
  const comment = [0xff, 0xfe, 0, said.length + 2, ...said]
  const start = new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...comment])
  return new File([start, bare.slice(2), bare, 'N 52 31'], 'IMG_1.JPG', { type: 'image/jpeg' })
}

/** Says of itself to be as large as no phone can draw. */
async function hugePhoto(orientation: number): Promise<File> {
  const file = await photo(orientation)
  const bytes = await bytesOf(file)
  const frame = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xc0)
  bytes.set([0x4e, 0x20, 0x4e, 0x20], frame + 5)
  return new File([bytes], file.name, { type: file.type })
}

async function sizeOf(file: Blob): Promise<[number, number]> {
  const { width, height } = await createImageBitmap(file)
  return [width, height]
}

describe('a picture before it leaves the device', () => {
  it.each([
    [1, [60, 40]],
    [3, [60, 40]],
    [6, [40, 60]],
    [8, [40, 60]],
  ])('is upright and tells nothing of its place, however the phone was held (%i)', async (orientation, size) => {
    const drawn = await redraw(await photo(orientation), 'image/jpeg')
    expect(drawn && (await sizeOf(drawn))).toEqual(size)
    expect(drawn && (await includes(drawn, 'N 52 31'))).toBe(false)
    expect(drawn?.name).toBe('IMG_1.JPG')
  })

  it('loses its details though it is too large to be drawn, and stays upright', async () => {
    const file = await hugePhoto(6)
    const bare = await redraw(file, 'image/jpeg')
    if (!bare) throw Error('it went as it was')
    expect(await includes(file, 'N 52 31')).toBe(true)
    expect(await includes(bare, 'N 52 31')).toBe(false)
    expect(await readJpeg(bare)).toMatchObject({ width: 20_000, height: 20_000, orientation: 6 })
    expect([...(await bytesOf(bare)).slice(-2)]).toEqual([0xff, 0xd9])
  })

  it('is never longer than what every engine can hold', async () => {
    const long = new File([await pictureOf('image/png', { width: 8000, height: 100 })], 'long.png')
    const drawn = await redraw(long, 'image/png')
    expect(drawn && (await sizeOf(drawn))).toEqual([4096, 51])
  })

  it('keeps its kind, and its name with it', async () => {
    for (const type of ['image/png', 'image/webp']) {
      const drawn = await redraw(new File([await pictureOf(type)], 'a.picture', { type }), type)
      expect([drawn?.type, drawn?.name]).toEqual([type, 'a.picture'])
    }
  })

  it('becomes a JPEG where the browser can read what the agent’s may not', async () => {
    const readable = await createImageBitmap(canvasOf(30, 20))
    vi.stubGlobal('createImageBitmap', async () => readable)
    const drawn = await redraw(new File(['a photo'], 'IMG_4.HEIC', { type: 'image/heic' }), 'image/heic')
    vi.unstubAllGlobals()
    expect([drawn?.type, drawn?.name]).toEqual(['image/jpeg', 'IMG_4.jpg'])
    expect(drawn && (await sizeOf(drawn))).toEqual([30, 20])
  })

  it('goes as it is when it moves, or when the browser cannot read it', async () => {
    const still = await pictureOf('image/png')
    const control = [0, 0, 0, 8, ...new TextEncoder().encode('acTL'), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    const moving = new File([still.slice(0, 33), new Uint8Array(control), still.slice(33)], 'moves.png')
    expect(await redraw(moving, 'image/png')).toBeUndefined()
    expect(await redraw(new File(['no picture'], 'IMG_2.HEIC'), 'image/heic')).toBeUndefined()
    expect(await redraw(new File(['no picture'], 'IMG_3.jpg'), 'image/jpeg')).toBeUndefined()
  })
})
