export interface Words { a: string }
