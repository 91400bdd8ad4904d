/** tmp */
import { mount } from './mount.ts'
mount({game:'demo', target: document.body})
