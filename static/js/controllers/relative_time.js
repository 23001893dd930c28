// Keeps "5m" true. One clock for every <time> on the page. Words as in config/wording.py.
import { Controller } from "stimulus"

const MINUTE = 60
const HOUR = 3600
const DAY = 86400
const shown = new Set()
let clock = null

export default class extends Controller {
  connect() {
    shown.add(this)
    clock ??= setInterval(() => shown.forEach((one) => one.refresh()), 20_000)
    this.refresh()
  }

  disconnect() {
    shown.delete(this)
  }

  refresh() {
    const words = age(new Date(this.element.dateTime), new Date())
    if (words && words !== this.element.textContent) this.element.textContent = words
  }
}

// After a week the server's wording, a date, stays.
function age(moment, now) {
  const seconds = Math.max(0, Math.floor((now - moment) / 1000))
  if (seconds < MINUTE) return "now"
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)}d`
  return null
}
