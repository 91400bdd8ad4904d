/** What the game tells about the moment the player asks for help. Kept small: it has to listen from the start. */

/** The relay takes no more than this of one value. */
const longest = 1_024
const mostBreadcrumbs = 20

export interface Diagnostics {
  /** Everything with a value, the host page's over the browser's. */
  describe(device: Record<string, string>): Record<string, string>
  setMetadata(metadata: Record<string, string>): void
  addBreadcrumb(text: string): void
  forget(): void
}

export function createDiagnostics(now: () => number): Diagnostics {
  let given: Record<string, string> = {}
  let breadcrumbs: string[] = []
  return {
    describe(device) {
      const all = Object.entries({ ...device, ...given, breadcrumbs: breadcrumbs.join('\n').slice(-longest) })
      return Object.fromEntries(
        all.filter(([, value]) => value).map(([name, value]) => [name, value.slice(0, longest)]),
      )
    },
    setMetadata(metadata) {
      given = { ...given, ...metadata }
    },
    addBreadcrumb(text) {
      const time = new Date(now()).toISOString().slice(11, 19)
      breadcrumbs = [...breadcrumbs, `${time} ${text}`].slice(-mostBreadcrumbs)
    },
    forget() {
      given = {}
      breadcrumbs = []
    },
  }
}
