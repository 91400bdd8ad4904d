/** Style sheets arrive as text, for `adoptedStyleSheets`. */
declare module '*.css'

declare module '*.css?inline' {
  const css: string
  // biome-ignore lint/style/noDefaultExport: that is how Vite hands the text over
  export default css
}
