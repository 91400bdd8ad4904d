/** Reads as much of a JPEG as it takes to know its size and which side is up, and to leave out what it tells about its maker. */

export interface Jpeg {
  width: number
  height: number
  /** As Exif counts: 1 is upright, up to 8. */
  orientation: number
  /** The same picture, pixel for pixel, without Exif, XMP, IPTC, comments, and whatever was hung on its end. */
  bare(): Promise<Blob>
}

const scan = 0xffda
const exif = 0xffe1

/** @returns undefined for what is no JPEG. */
export async function readJpeg(file: Blob): Promise<Jpeg | undefined> {
  const kept = [file.slice(0, 2)]
  const found = { width: 0, height: 0, orientation: 1 }
  if ((await viewOf(kept[0] ?? file)).getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; ; ) {
    const head = await viewOf(file.slice(at, at + 9))
    if (head.byteLength < 4 || head.getUint8(0) !== 0xff) return undefined
    const marker = head.getUint16(0)
    if (marker === scan) return { ...found, bare: async () => assemble(kept, found.orientation, file.slice(at)) }
    const segment = file.slice(at, at + 2 + head.getUint16(2))
    if (isFrame(marker)) Object.assign(found, { height: head.getUint16(5), width: head.getUint16(7) })
    if (marker === exif) found.orientation = orientationIn(await viewOf(segment)) ?? found.orientation
    if (!tells(marker)) kept.push(segment)
    at += segment.size
  }
}

/** Pixels come after the last kept segment; a phone may hang a film or a second photo behind their end. */
async function assemble(kept: Blob[], orientation: number, rest: Blob): Promise<Blob> {
  const [start, ...segments] = kept
  const { buffer } = await viewOf(rest)
  const pixels = new Uint8Array(buffer)
  let end = 0
  do end = pixels.indexOf(0xff, end) + 1
  while (end && pixels[end] !== 0xd9)
  const parts = [start ?? '', orientationAlone(orientation), ...segments, rest.slice(0, end ? end + 1 : rest.size)]
  return new Blob(parts, { type: 'image/jpeg' })
}

/** "SOFn", all but the three markers in that row that are something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)
}

/** Application data and comments, but for what the colours depend on: JFIF, the ICC profile, Adobe's transform. */
function tells(marker: number): boolean {
  const application = marker >= 0xffe0 && marker <= 0xffef && ![0xffe0, 0xffe2, 0xffee].includes(marker)
  return application || marker === 0xfffe
}

function orientationIn(segment: DataView): number | undefined {
  try {
    // "Exif", two zeros, and then a TIFF file of its own.
    if (segment.getUint32(4) !== 0x45786966) return undefined
    const little = segment.getUint16(10) === 0x4949
    const directory = 10 + segment.getUint32(14, little)
    for (let left = segment.getUint16(directory, little), at = directory + 2; left > 0; left -= 1, at += 12) {
      if (segment.getUint16(at, little) === 0x0112) return segment.getUint16(at + 8, little)
    }
  } catch {
    // Shorter than it says.
  }
  return undefined
}

function orientationAlone(orientation: number): BlobPart {
  if (orientation === 1) return ''
  const head = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1]
  return new Uint8Array([...head, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
}

/** `Blob.arrayBuffer` is younger than the engines we run in. */
export async function viewOf(blob: Blob): Promise<DataView<ArrayBuffer>> {
  return new DataView(await new Response(blob).arrayBuffer())
}
