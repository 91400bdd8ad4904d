/** Which MIME types mean the same thing, and which are never taken in, whatever a studio allows. */

/** First the name we compare by, then what devices, browsers and detectors call it as well. */
const groups: readonly (readonly string[])[] = [
  ['image/jpeg', 'image/jpg', 'image/pjpeg'],
  ['image/png', 'image/x-png', 'image/apng'],
  ['image/bmp', 'image/x-bmp', 'image/x-ms-bmp'],
  // One container: which brand a phone writes first says nothing about whether it can be shown.
  ['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ['video/mp4', 'application/mp4', 'video/x-m4v', 'video/quicktime', 'video/3gpp', 'video/3gpp2'],
  ['audio/mp4', 'audio/x-m4a', 'audio/m4a'],
  ['video/webm', 'audio/webm'],
  ['video/matroska', 'video/x-matroska', 'audio/x-matroska'],
  ['video/vnd.avi', 'video/x-msvideo', 'video/avi', 'video/msvideo'],
  ['audio/mpeg', 'audio/mp3', 'audio/x-mp3', 'audio/mpeg3'],
  ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
  ['audio/ogg', 'application/ogg', 'audio/opus', 'video/ogg'],
  ['application/zip', 'application/x-zip', 'application/x-zip-compressed'],
  ['application/gzip', 'application/x-gzip'],
  ['application/x-rar-compressed', 'application/vnd.rar'],
  ['text/plain', 'text/csv', 'text/markdown', 'text/log', 'text/x-log', 'application/json'],
]

const canonical = new Map(groups.flatMap(([name = '', ...others]) => [name, ...others].map((type) => [type, name])))

/** The name to compare by: without parameters, in lower case, one for each group. */
export function canonicalType(type: string): string {
  const bare = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return canonical.get(bare) ?? bare
}

const active = new Set([
  'image/svg+xml',
  'application/xml',
  'text/xml',
  'text/html',
  'application/xhtml+xml',
  'text/javascript',
  'application/javascript',
  'application/ecmascript',
  'application/wasm',
  'application/x-msdownload',
  'application/x-elf',
  'application/x-mach-binary',
  'application/x-shockwave-flash',
  'application/java-archive',
  'application/java-vm',
  'application/vnd.android.package-archive',
  'application/x-google-chrome-extension',
  'application/x-xpinstall',
  'application/x-ms-shortcut',
  'application/x-ms-regedit',
  'application/vnd.ms-htmlhelp',
  'application/x-apple-diskimage',
  'application/x-iso9660-image',
  'application/x-deb',
  'application/x-rpm',
  'application/postscript',
  'application/eps',
])

/** What runs, or carries scripts, when somebody opens it. Office documents with macros count. */
export function isActive(type: string): boolean {
  return active.has(type) || type.endsWith('+xml') || type.includes('macroenabled')
}

/** Name endings that make a system run a file whatever is in it. Nothing a player may send needs one. */
const runnableEndings = new Set(
  (
    'exe com bat cmd ps1 psm1 vbs vbe js jse mjs cjs wsf wsh hta msi msp scr pif cpl dll sys lnk url scf reg inf jar jnlp ' +
    'apk aab ipa app dmg pkg iso img deb rpm sh bash zsh csh command run bin elf py pl rb php phtml asp aspx jsp cgi ' +
    'html htm xhtml shtml mht mhtml svg svgz xml xsl xslt swf chm docm dotm xlsm xltm xlam pptm potm ppsm sldm desktop'
  ).split(' '),
)

/** Whether a name ends so that a system would run or render the file. */
export function isRunnableName(fileName: string): boolean {
  const ending = /\.([^.]+)$/.exec(fileName)?.[1]
  return ending !== undefined && runnableEndings.has(ending.toLowerCase())
}

/** Pixels and nothing else: what such a file is called does not change what it can do. */
const pictures = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/avif',
  'image/heic',
])

/** @param type - as {@link canonicalType} names it */
export function isPicture(type: string): boolean {
  return pictures.has(type)
}
