// Narrow windows show one pane at a time: views, list, thread or panel. Esc leads back one step.
import { Controller } from "stimulus"
import { list, shownPane, showPane } from "lib/desk"

export default class extends Controller {
  toggleViews() {
    showPane(shownPane() === "views" ? "list" : "views")
  }

  togglePanel() {
    showPane(shownPane() === "panel" ? "thread" : "panel")
  }

  hidePanel() {
    showPane("thread")
    document.getElementById("show-panel")?.focus()
  }

  // A click beside a drawer falls on the desk itself.
  closeDrawer({ target }) {
    if (target === this.element) this.back()
  }

  back() {
    if (shownPane() === "panel") this.hidePanel()
    else if (shownPane() === "views") showPane("list")
    else if (list().contains(document.activeElement)) document.getElementById("leave-search")?.click()
    else this.dispatch("returned")
  }
}
