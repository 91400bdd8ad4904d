/** Makes of a photo what may leave the player's device: pixels, upright, and nothing about where it was taken. */
import { type Jpeg, readJpeg, viewOf } from './jpeg.ts'

/** Beyond this a cheap phone would run out of memory: it takes four bytes for each. */
const maxPixels = 40_000_000
const maxBytes = 40 * 2 ** 20
/** The longest that every engine still has a canvas for. */
const maxEdge = 4096
const quality = 0.9

const endings: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' }

/**
 * Draws a picture anew, no longer than 4,096 pixels. HEIC becomes JPEG where the browser can read it. A JPEG too large to
 * draw loses its details all the same.
 *
 * @returns undefined where it has to go as it is: what moves, and what the browser cannot read
 */
export async function redraw(file: File, type: string): Promise<File | undefined> {
  try {
    const jpeg = type === 'image/jpeg' ? await readJpeg(file) : undefined
    const { pixels, moves } = jpeg ? { pixels: jpeg.width * jpeg.height, moves: false } : await lookAt(file, type)
    if (moves) return undefined
    const small = pixels <= maxPixels && file.size <= maxBytes
    const drawn = (small && (await drawAnew(file, type, jpeg))) || (await jpeg?.bare())
    return drawn && new File([drawn], nameFor(file.name, type, drawn.type), { type: drawn.type })
  } catch {
    return undefined
  }
}

async function drawAnew(file: File, type: string, jpeg: Jpeg | undefined): Promise<Blob | undefined> {
  try {
    const { image, orientation, done } = await decode(file, jpeg?.orientation ?? 1)
    const canvas = draw(image, orientation)
    done()
    const wanted = type in endings ? type : 'image/jpeg'
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, wanted, quality))
    // Gives its memory back at once, which some engines otherwise do much later.
    canvas.width = canvas.height = 0
    return blob ?? undefined
  } catch {
    return undefined
  }
}

interface Decoded {
  image: HTMLImageElement | ImageBitmap
  /** What is left to be done about it. */
  orientation: number
  done(): void
}

/** As a bitmap, which no page's policy forbids; engines that do not know which way is up for one take an element. */
async function decode(file: Blob, orientation: number): Promise<Decoded> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: 'from-image' })
    return { image, orientation: 1, done: () => image.close() }
  } catch {
    const image = new Image()
    image.src = URL.createObjectURL(file)
    const done = () => URL.revokeObjectURL(image.src)
    await image.decode().catch((error) => {
      done()
      throw error
    })
    const turned = CSS.supports('image-orientation', 'from-image')
    return { image, orientation: turned ? 1 : orientation, done }
  }
}

function draw(image: HTMLImageElement | ImageBitmap, orientation: number): HTMLCanvasElement {
  const scale = Math.min(1, maxEdge / Math.max(image.width, image.height))
  const width = Math.round(image.width * scale)
  const height = Math.round(image.height * scale)
  const canvas = document.createElement('canvas')
  const lies = orientation > 4
  canvas.width = lies ? height : width
  canvas.height = lies ? width : height
  const context = canvas.getContext('2d')
  if (!context) throw Error('no canvas')
  context.setTransform(...turnOf(orientation, width, height))
  context.drawImage(image, 0, 0, width, height)
  return canvas
}

/** From how the sensor lay to how the player held it. */
function turnOf(orientation: number, w: number, h: number): [number, number, number, number, number, number] {
  if (orientation === 2) return [-1, 0, 0, 1, w, 0]
  if (orientation === 3) return [-1, 0, 0, -1, w, h]
  if (orientation === 4) return [1, 0, 0, -1, 0, h]
  if (orientation === 5) return [0, 1, 1, 0, 0, 0]
  if (orientation === 6) return [0, 1, -1, 0, h, 0]
  if (orientation === 7) return [0, -1, -1, 0, h, w]
  if (orientation === 8) return [0, -1, 1, 0, 0, w]
  return [1, 0, 0, 1, 0, 0]
}

/** Size and motion, from the first bytes; what they do not tell is taken to be small and still. */
async function lookAt(file: Blob, type: string): Promise<{ pixels: number; moves: boolean }> {
  const view = await viewOf(file.slice(0, 4096))
  if (type === 'image/png' && view.byteLength > 24) {
    // "acTL" has to come before the first pixels.
    return { pixels: view.getUint32(16) * view.getUint32(20), moves: textOf(view).includes('acTL') }
  }
  // "VP8X", then flags, of which the second is "animation".
  const extended = type === 'image/webp' && textOf(view).startsWith('VP8X', 12)
  return { pixels: 0, moves: extended && (view.getUint8(20) & 2) > 0 }
}

function textOf({ buffer }: DataView<ArrayBuffer>): string {
  return String.fromCharCode(...new Uint8Array(buffer))
}

function nameFor(name: string, from: string, to: string): string {
  return from === to ? name : `${name.replace(/\.\w{1,5}$/, '')}.${endings[to]}`
}
