/** Buttons on the demo's host page: what a game's own code may call, and what it is told. */

const log = document.querySelector('#log')
const tell = (text: string) => log?.prepend(`${text}\n`)

// The script may not be there yet; calls made before it are kept.
const queue = () => {
  window.medkit ??= []
  return window.medkit
}
const call = (name: string, ...values: unknown[]) => queue().push([name, ...values])

const draft = { message: 'My sword is gone since I docked at the Lantern Gate.', category: 'bug' }

const calls: Record<string, () => unknown> = {
  open: () => call('open'),
  new: () => call('open', 'new', draft),
  tickets: () => call('open', 'tickets'),
  close: () => call('close'),
  metadata: () => call('setMetadata', { ship: 'Quiet Tide', level: '42' }),
  breadcrumb: () => call('addBreadcrumb', 'Docked at the Lantern Gate'),
  attach: async () => call('attach', await drawScreenshot()),
  busy: () => call('setBusy', true),
  ready: () => call('setBusy', false),
  signOut: () => call('signOut'),
  async doctor() {
    const medkit = queue()
    if (!('doctor' in medkit)) return
    for (const { check, ok, detail } of await medkit.doctor()) tell(`${ok ? '✓' : '✗'} ${check}: ${detail}`)
  },
}

for (const event of ['ready', 'open', 'close', 'unread', 'ticket-opened', 'token-expiring', 'problem']) {
  call('on', event, (detail: unknown) => tell(`${event} ${detail ? JSON.stringify(detail) : ''}`))
}

document.addEventListener('click', ({ target }) => {
  const name = target instanceof HTMLElement ? target.dataset.call : undefined
  if (name) calls[name]?.()
})

/** A picture of no game at all, so that there is something to attach. */
async function drawScreenshot(): Promise<File> {
  const canvas = document.createElement('canvas')
  canvas.width = 640
  canvas.height = 360
  const pen = canvas.getContext('2d')
  if (pen) {
    pen.fillStyle = '#0d1530'
    pen.fillRect(0, 0, 640, 360)
    pen.fillStyle = '#ffd79a'
    for (let star = 0; star < 80; star += 1) pen.fillRect(Math.random() * 640, Math.random() * 260, 2, 2)
    pen.fillRect(0, 300, 640, 60)
  }
  const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made ?? new Blob()), 'image/png'))
  return new File([blob], 'star-harbor.png', { type: 'image/png' })
}
