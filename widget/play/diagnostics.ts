/** What the game tells about the moment the player asks for help. Kept small: it has to listen from the start. */

const mostBreadcrumbs = 20

export interface Diagnostics {
  /** What was told so far, by name. */
  told(): Record<string, string>
  setMetadata(metadata: Record<string, string>): void
  addBreadcrumb(text: string): void
  forget(): void
}

export function createDiagnostics(now: () => number): Diagnostics {
  let given: Record<string, string> = {}
  let breadcrumbs: string[] = []
  return {
    told: () => ({ ...given, breadcrumbs: breadcrumbs.join('\n') }),
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
