// Takes the reader to what just went wrong.
import { Controller } from "stimulus"

export default class extends Controller {
  connect() {
    this.element.tabIndex = -1
    this.element.focus()
  }
}
