// Light, dark, or what the system says. A cookie, so that the server writes it into the first byte.
import { Controller } from "stimulus"

const YEAR = 60 * 60 * 24 * 365

export default class extends Controller {
  choose({ target }) {
    const theme = target.value
    document.cookie = `handled_theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`
    if (theme) document.documentElement.dataset.theme = theme
    else delete document.documentElement.dataset.theme
  }
}
